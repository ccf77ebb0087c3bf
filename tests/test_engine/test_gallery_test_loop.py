"""The loop that judges features: alone and on several processes, at once and from what is kept."""

import json

import pytest
import torch
from mmengine.config import Config

from tests.distributed import run_on_processes
from tests.judging import CONFIG, TINY, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import RetrievalMetric

METRICS = ('RetrievalMetric', 'KNNMetric', 'LinearProbeMetric', 'LinearSVMMetric')


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Five queries, seven videos of the gallery: uneven shares for two processes."""
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=5, num_train=7)
    save_tiny_checkpoint(folder / 'tiny.pth')
    return folder


def test(videos, work_dir):
    """Run the loop; its metrics."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline[1].num_frames = 3
    config.work_dir = str(work_dir)
    config.load_from = str(videos / 'tiny.pth')
    config.test_cfg.features_out = 'features.pth'
    labels = ('appearance', 'motion')
    config.test_evaluator = [dict(type=metric, labels=labels) for metric in METRICS]
    return build_runner(config).test()


test.__test__ = False


@pytest.fixture(scope='module')
def alone(videos, tmp_path_factory):
    """The work directory of one process, and its metrics."""
    work_dir = tmp_path_factory.mktemp('alone')
    return work_dir, test(videos, work_dir)


def test_two_processes_judge_as_one(videos, alone, tmp_path):
    one = alone[1]
    assert {name.split('/')[0] for name in one} == {'retrieval', 'knn', 'linear', 'svm'}
    assert run_on_processes(test, 2, videos, tmp_path) == [one, one]
    records = [json.loads((d / 'metrics.json').read_text()) for d in (alone[0], tmp_path)]
    for record in records:
        del record['time']
    assert records[0] == records[1]
    assert (records[0]['queries']['videos'], records[0]['gallery']['videos']) == (5, 7)


def test_features_out_gives_the_metrics_again(alone):
    work_dir, metrics = alone
    saved = torch.load(work_dir / 'features.pth')
    queries, gallery = (FeatureSet(**saved[role]) for role in ('queries', 'gallery'))
    assert [a['name'] for a in queries.attributes] == [f'{i:02}.mp4' for i in range(5)]
    again = RetrievalMetric(labels=('appearance', 'motion'))(queries, gallery)
    assert again == {name: metrics[name] for name in again}


def test_features_are_extracted_once(videos, alone, monkeypatch):
    work_dir, metrics = alone
    monkeypatch.setattr('vsslbox.evaluation.FeatureStore.append', None)  # nothing is to be added
    assert test(videos, work_dir) == metrics


def test_other_videos_under_the_same_names_are_not_taken_for_known(alone, videos, tmp_path):
    work_dir, metrics = alone
    others = write_labelled_videos(tmp_path, num_test=5, num_train=7)
    for number in range(5):
        (others / f'{number:02}.mp4').write_bytes((videos / '11.mp4').read_bytes())
    (others / 'tiny.pth').write_bytes((videos / 'tiny.pth').read_bytes())
    assert test(others, work_dir) != metrics
