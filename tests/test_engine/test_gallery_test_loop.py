"""The loop that evaluates features: in one process and in several, at once and from the cache."""

import json
import re

import pytest
import torch
from mmengine.config import Config
from mmengine.dist import is_main_process

from tests.distributed import run_on_processes
from tests.evaluating import CONFIG, TINY, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.datasets import RawframeDataset
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features.extraction import _files_hash
from vsslbox.evaluation.metrics import FeatureMetric, RetrievalMetric
from vsslbox.registry import METRICS

PROTOCOLS = ('RetrievalMetric', 'KNNMetric', 'LinearProbeMetric', 'LinearSVMMetric')


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Five queries, seven videos of the gallery: uneven shares for two processes."""
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=5, num_train=7)
    save_tiny_checkpoint(folder / 'tiny.pth')
    return folder


def make_runner(videos, work_dir, metrics, gallery='train'):
    """The runner of the loop, on the tiny checkpoint."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline.sample.num_frames = 3
    config.test_cfg.gallery_dataloader.dataset.where = dict(split=gallery) if gallery else dict()
    config.work_dir = str(work_dir)
    config.load_from = str(videos / 'tiny.pth')
    config.test_cfg.features_out = 'features.pth'
    config.test_evaluator = metrics
    return build_runner(config)


def test(videos, work_dir):
    """Run the loop and return its metrics."""
    labels = ('appearance', 'motion')
    metrics = [dict(type=metric, labels=labels) for metric in PROTOCOLS]
    return make_runner(videos, work_dir, metrics).test()


test.__test__ = False


@pytest.fixture(scope='module')
def alone(videos, tmp_path_factory):
    """The work directory of one process, and its metrics."""
    work_dir = tmp_path_factory.mktemp('alone')
    return work_dir, test(videos, work_dir)


@pytest.mark.slow
def test_two_processes_evaluate_as_one(videos, alone, tmp_path):
    one = alone[1]
    assert {name.split('/')[0] for name in one} == {'retrieval', 'knn', 'linear', 'svm'}
    assert run_on_processes(test, 2, videos, tmp_path) == [one, one]
    records = [json.loads((d / 'metrics.json').read_text()) for d in (alone[0], tmp_path)]
    for record in records:
        del record['time']
    assert records[0] == records[1]
    assert (records[0]['queries']['videos'], records[0]['gallery']['videos']) == (5, 7)


@METRICS.register_module()
class OnceMetric(FeatureMetric):
    """Works on the main process alone, and fails if asked to."""

    def __init__(self, fails):
        super().__init__()
        self.fails = fails

    def __call__(self, queries, gallery):
        assert is_main_process()
        if self.fails:
            raise ValueError('no such label')
        return dict(videos=len(queries))


def evaluate_once(videos, work_dir):
    with pytest.raises(ValueError, match='no such label'):
        make_runner(videos, work_dir, [dict(type='OnceMetric', fails=True)]).test()
    return make_runner(videos, work_dir, [dict(type='OnceMetric', fails=False)]).test()


@pytest.mark.slow
def test_metrics_are_computed_once_and_their_errors_end_all_processes(videos, tmp_path):
    assert run_on_processes(evaluate_once, 2, videos, tmp_path) == [dict(videos=5)] * 2


def test_features_that_are_not_finite_are_refused(videos, tmp_path):
    runner = make_runner(videos, tmp_path, [])
    runner._load_from = None
    runner.model.init_weights()
    runner.model.backbone.conv1.conv.weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match=r'the features of .*00\.mp4 \(video 0 .* are not finite'):
        runner.test()


def test_a_random_start_is_the_start_of_training_without_pretrained_weights(videos, tmp_path):
    runner = make_runner(videos, tmp_path, [])
    runner._load_from = None
    backbone = runner.model.backbone
    backbone.init_cfg = dict(type='vsslbox.PretrainedBackbone', checkpoint='absent.pth')
    kernel = backbone.conv1.conv.weight.data.fill_(0.25)
    runner.test()
    assert (kernel != 0.25).all()
    kernel.fill_(0.25)  # what is trained stays
    runner.test()
    assert (kernel == 0.25).all()


def test_weights_that_were_loaded_by_hand_stay(videos, tmp_path):
    runner = make_runner(videos, tmp_path, [])
    runner._load_from = None
    runner.load_checkpoint(str(videos / 'tiny.pth'))
    kernel = runner.model.backbone.conv1.conv.weight.clone()
    runner.test()
    assert torch.equal(runner.model.backbone.conv1.conv.weight, kernel)


def test_features_out_gives_the_metrics_again(alone):
    work_dir, metrics = alone
    saved = torch.load(work_dir / 'features.pth')
    queries, gallery = (FeatureSet(**saved[role]) for role in ('queries', 'gallery'))
    assert [a['name'] for a in queries.attributes] == [f'{i:02}.mp4' for i in range(5)]
    again = RetrievalMetric(labels=('appearance', 'motion'))(queries, gallery)
    assert again == {name: metrics[name] for name in again}


def test_features_are_extracted_once(videos, alone, monkeypatch):
    work_dir, metrics = alone
    monkeypatch.setattr('vsslbox.evaluation.FeatureStore.append', None)  # nothing may be added
    assert test(videos, work_dir) == metrics


def test_other_videos_under_the_same_names_are_extracted_again(alone, videos, tmp_path):
    work_dir, metrics = alone
    others = write_labelled_videos(tmp_path, num_test=5, num_train=7)
    for number in range(5):
        (others / f'{number:02}.mp4').write_bytes((videos / '11.mp4').read_bytes())
    (others / 'tiny.pth').write_bytes((videos / 'tiny.pth').read_bytes())
    assert test(others, work_dir) != metrics


def test_metrics_of_the_same_names_do_not_hide_each_other(videos, alone):
    metrics = [dict(type='KNNMetric', labels=['motion'], k=k) for k in (1, 5)]
    with pytest.raises(ValueError, match='two metrics of test_evaluator give knn/motion/top1'):
        make_runner(videos, alone[0], metrics).test()


def test_labels_that_are_not_a_list_are_named_before_anything_is_extracted(videos, tmp_path):
    runner = make_runner(videos, tmp_path, [dict(type='KNNMetric', labels='motion')])
    with pytest.raises(ValueError, match=r"of KNNMetric must be a list, such as \['motion'\]"):
        runner.test()
    assert not (tmp_path / 'features').exists()


def test_metrics_of_predictions_are_refused(videos, tmp_path):
    runner = make_runner(videos, tmp_path, [dict(type='ReadoutMetric')])
    with pytest.raises(InputError, match='ReadoutMetric in `test_evaluator` does not evaluate'):
        runner.test()


@pytest.mark.slow
@pytest.mark.parametrize('leave_out', [None, 'name'])
@pytest.mark.parametrize('gallery', ['test', '', 'train'])
def test_no_query_finds_itself(videos, alone, gallery, leave_out):
    """Each name is a class of its own: only a query that finds itself would be right."""
    metrics = [
        dict(type=name, labels=['name'], leave_out=leave_out)
        for name in ('RetrievalMetric', 'KNNMetric')
    ]
    values = make_runner(videos, alone[0], metrics, gallery).test()
    assert values == {'retrieval/name/unanswerable': 5, 'knn/name/top1': 0}
    record = json.loads((alone[0] / 'metrics.json').read_text())
    assert record['gallery']['shared_with_queries'] == (0 if gallery == 'train' else 5)


def test_no_query_finds_itself_behind_links(videos, tmp_path):
    """The gallery is the same folder by another path, or links to the same files."""
    links = tmp_path / 'links'
    links.mkdir()
    for file in videos.iterdir():
        (links / file.name).symlink_to(file)
    (tmp_path / 'root').symlink_to(videos)
    metric = dict(type='RetrievalMetric', labels=['name'])
    for folder in (links, tmp_path / 'root'):
        config = make_runner(videos, tmp_path / 'work', [metric], gallery='').cfg
        config.test_cfg.gallery_dataloader.dataset.data_root = str(folder)
        assert build_runner(config).test() == {'retrieval/name/unanswerable': 5}


def named_for_both(videos, folder, names):
    """Videos whose list names some queries in the gallery once more."""
    for file in videos.iterdir():
        (folder / file.name).symlink_to(file)
    (folder / 'videos.csv').unlink()
    rows = (videos / 'videos.csv').read_text().splitlines()
    again = [row.replace(',test,', ',train,') for row in rows if row.split(',')[0] in names]
    (folder / 'videos.csv').write_text('\n'.join([*rows, *again]))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize('numbers', [[0, 1], range(5)])
def test_a_list_that_names_videos_for_both_is_told(videos, tmp_path, monkeypatch, numbers):
    lines = []
    monkeypatch.setattr(
        'vsslbox.engine.runner.gallery_test_loop.print_log', lambda text, *_: lines.append(text)
    )
    names = {f'{number:02}.mp4' for number in numbers}
    folder, work_dir = named_for_both(videos, tmp_path, names), tmp_path / 'work'
    neighbours = dict(type='RetrievalMetric', labels=['name'])
    values = make_runner(folder, work_dir, [neighbours]).test()
    assert values == {'retrieval/name/unanswerable': 5}
    assert not lines
    trained = [dict(type=name, labels=['motion']) for name in PROTOCOLS]
    message = (
        f'{len(names)} of 5 queries of {folder}/videos.csv (`test_dataloader`) are in '
        f'{folder}/videos.csv (`test_cfg.gallery_dataloader`) too, on which linear, svm trains'
    )
    if len(names) == 5:
        with pytest.raises(InputError, match=re.escape(message)):
            make_runner(folder, work_dir, trained).test()
    else:
        make_runner(folder, work_dir, trained).test()
        line, note = lines
        assert line.startswith(message)
        assert note.startswith('svm/motion: of 5 costs, ')


def test_classes_that_the_gallery_lacks_are_told_for_every_metric(videos, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr('vsslbox.evaluation.features.missing_classes.warn_once', lines.append)
    folder = named_for_both(videos, tmp_path, ())
    rows = [row.split(',') for row in (folder / 'videos.csv').read_text().splitlines()]
    for row in rows[1:]:
        row[3] = 'Run' if row[3] == '1' and row[1] == 'test' else 'xrun'[row[3] == '1' :]
    rows[1][3] = 'jump'
    (folder / 'videos.csv').write_text('\n'.join(map(','.join, rows)))
    metrics = [dict(type=name, labels=['motion']) for name in PROTOCOLS]
    make_runner(folder, tmp_path / 'work', metrics).test()
    (line,) = lines
    source = f'{folder}/videos.csv'
    assert line.startswith(
        f"3 of 5 queries of {source} have a class of 'motion' that no video of {source} has: "
        "'Run' (2, but 'run' is there); 'jump' (1). Retrieval leaves"
    )


def test_other_frames_of_the_same_folder_have_another_hash(tmp_path):
    (tmp_path / 'video').mkdir()
    for number in range(1, 5):
        (tmp_path / 'video' / f'img_{number:05}.jpg').touch()
    hashes = set()
    for line in ('video 0 4', 'video 1 3', 'video 0 3'):
        (tmp_path / 'list.txt').write_text(line)
        dataset = RawframeDataset('list.txt', data_root=tmp_path, with_offset=True)
        hashes.add(_files_hash(dataset))
    assert len(hashes) == 3
