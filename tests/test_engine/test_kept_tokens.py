"""Tokens beside the features: what they are, kept once, in one process and in several."""

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule

from tests.distributed import run_on_processes
from tests.evaluating import CONFIG, TINY, call, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureStore
from vsslbox.evaluation.features import kept_features
from vsslbox.models.extractors import FeatureExtractor
from vsslbox.registry import MODELS

PROBE = dict(
    type='AttentiveProbeMetric', labels=['motion'], depth=1, num_heads=4, batch_size=4, epochs=3,
    lr=[1e-2, 1e-3], weight_decay=[0.01],
)  # fmt: skip


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Five queries, seven videos of the gallery: uneven shares for two processes."""
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=5, num_train=7)
    save_tiny_checkpoint(folder / 'tiny.pth')
    return folder


def make_runner(videos, work_dir, metrics=(PROBE,), **test_cfg):
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline.sample.num_frames = 3
    config.work_dir = str(work_dir)
    config.load_from = str(videos / 'tiny.pth')
    config.test_cfg.update(test_cfg)
    config.test_evaluator = list(metrics)
    return build_runner(config)


def kept(videos, work_dir, **tokens):
    """The features of the gallery, by the loader of the loop."""
    runner = make_runner(videos, work_dir, [])
    loop = runner.build_test_loop(runner.cfg.test_cfg)
    runner.load_or_resume()
    (found,) = kept_features(runner, loop.gallery_dataloader, loop.gallery_cfg, **tokens).values()
    return found, loop.gallery_dataloader.dataset, runner.model


@pytest.mark.slow
def test_tokens_are_all_positions_and_their_features_those_without_tokens(videos, tmp_path):
    found, dataset, model = kept(videos, tmp_path, token_dtype=torch.float32)
    without, _, _ = kept(videos, tmp_path)
    assert without.tokens is None
    assert torch.equal(found.features, without.features)
    tokens = found.tokens.read(range(7))
    assert tokens.shape == (7, 3 * 2 * 2, 32)  # three frames of 64 pixels
    for number in range(7):
        views = [view[None] for view in dataset[number]['inputs']]
        (clip,) = model.data_preprocessor(dict(inputs=views))['inputs']
        with torch.no_grad():
            maps = [model.backbone(clip[:, :, t])[0] for t in range(3)]
        literal = [one[:, y, x] for one in maps for y in range(2) for x in range(2)]
        torch.testing.assert_close(tokens[number], torch.stack(literal), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(tokens.mean(dim=1), found.features, rtol=1e-4, atol=1e-5)
    half, _, _ = kept(videos, tmp_path, token_dtype=torch.float16)
    assert half.tokens.array.dtype == torch.float16
    assert torch.equal(half.tokens.read([3, 0]), tokens[[3, 0]].half().float())


def test_tokens_of_clips_are_in_the_order_of_time_row_column():
    config = dict(type='FeatureExtractor', backbone=dict(type='StoredMap'))
    model = MODELS.build(config)
    features, tokens = model.with_tokens([torch.zeros(2, 3, 4, 8, 8)] * 2)
    literal = [
        model.backbone.map[:, :, t, y, x] for t in range(2) for y in range(3) for x in range(2)
    ]
    assert torch.equal(tokens, torch.stack(literal * 2, dim=1))
    assert torch.equal(features, model([torch.zeros(2, 3, 4, 8, 8)] * 2))


def test_tokens_of_a_transformer_are_its_own():
    backbone = dict(type='VideoViT', embed_dims=16, depth=1, num_heads=2, img_size=32, num_frames=4)
    model = MODELS.build(dict(type='FeatureExtractor', backbone=backbone)).eval()
    views = [torch.randn(2, 3, 4, 32, 32) for _ in range(2)]
    expected = torch.cat([model.backbone.tokens(view) for view in views], dim=1)
    assert torch.equal(model.with_tokens(views)[1], expected)


@MODELS.register_module()
class StoredMap(BaseModule):
    """A 3D backbone whose output is known."""

    def __init__(self, shape=(2, 5, 2, 3, 2)):
        super().__init__()
        self.layer = torch.nn.Conv3d(3, 1, 1)
        self.map = torch.randn(*shape)

    def forward(self, x):
        return self.map


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((2, 5), r'returns pooled features \[2, 5\], which have no positions'),
        ((2, 5, 1, 1, 1), 'gives one token for each video, so that there is nothing to attend'),
    ],
)
def test_a_backbone_that_already_pools_is_refused(shape, message):
    model = MODELS.build(
        dict(type='FeatureExtractor', backbone=dict(type='StoredMap', shape=shape))
    )
    with pytest.raises(InputError, match=message):
        model.with_tokens([torch.zeros(2, 3, 4, 8, 8)])


def test(videos, work_dir):
    return make_runner(videos, work_dir).test()


test.__test__ = False


def read_all(work_dir):
    """The arrays and the record of a test, without its time."""
    record = json.loads((work_dir / 'metrics.json').read_text())
    del record['time']
    arrays = {
        str(path.relative_to(work_dir)): path.read_bytes()
        for path in work_dir.glob('features/*/*.npy')
    }
    return record, arrays


@pytest.mark.slow
def test_two_processes_evaluate_as_one(videos, tmp_path):
    one = test(videos, tmp_path / 'one')
    assert set(one) == {'attentive/motion/top1'}
    assert run_on_processes(test, 2, videos, tmp_path / 'two') == [one, one]
    (record, arrays), two = read_all(tmp_path / 'one'), read_all(tmp_path / 'two')
    assert record['notes']['attentive/motion'].startswith('of 2 heads, lr ')
    assert len(arrays) == 4
    assert two == (record, arrays)


@pytest.mark.slow
def test_a_killed_extraction_is_resumed_and_not_repeated(videos, tmp_path, monkeypatch):
    expected = test(videos, tmp_path / 'whole')
    append, added = FeatureStore.append, []

    def count(store, indices, features):
        if len(added) == 4:  # within the gallery
            added.append([])
            raise KeyboardInterrupt
        added.append(indices)
        append(store, indices, features)

    monkeypatch.setattr(FeatureStore, 'append', count)
    with pytest.raises(KeyboardInterrupt):
        test(videos, tmp_path / 'killed')
    (part,) = (tmp_path / 'killed').glob('features/*/rows-000.part')
    whole = part.read_bytes()
    part.write_bytes(whole + whole[-100:])  # a row that the kill cut
    assert test(videos, tmp_path / 'killed') == expected
    read = [index for indices in added for index in indices]
    assert sorted(read) == sorted([*range(5), *range(7)])
    assert read_all(tmp_path / 'killed') == read_all(tmp_path / 'whole')
    monkeypatch.setattr(FeatureStore, 'append', None)  # nothing may be added
    assert test(videos, tmp_path / 'killed') == expected


@pytest.mark.slow
def test_tokens_that_take_too_much_room_are_refused_before_they_are_written(
    videos, tmp_path, monkeypatch
):
    message = r'features and tokens of 5 videos take 4.21e-06 GiB .* limit of 1e-06 GiB'
    with pytest.raises(InputError, match=message):
        make_runner(videos, tmp_path, max_token_gib=1e-6).test()
    assert not list(tmp_path.glob('features/*/*.part'))
    monkeypatch.setattr('shutil.disk_usage', lambda folder: type('Usage', (), dict(free=1000)))
    with pytest.raises(InputError, match=r'take 8.42e-06 GiB in .* but 9.31e-07 GiB are free'):
        make_runner(videos, tmp_path).test()


def test_numbers_that_float16_does_not_hold_are_refused(videos, tmp_path):
    runner = make_runner(videos, tmp_path)
    runner.load_or_resume()
    norm = runner.model.backbone.layer4[1].conv2.bn
    norm.bias.data.fill_(1e5)
    with pytest.raises(InputError, match=r'above 65504 .* set `test_cfg.token_dtype` to float32'):
        runner.test()


@pytest.mark.slow
def test_options_and_models_that_do_not_fit(videos, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="must be one of float16, float32, got 'int8'"):
        make_runner(videos, tmp_path, token_dtype='int8').test()
    monkeypatch.delattr(FeatureExtractor, 'with_tokens')
    with pytest.raises(InputError, match='FeatureExtractor computes no tokens'):
        make_runner(videos, tmp_path).test()


def test_videos_of_different_sizes_are_refused(tmp_path):
    store = FeatureStore(tmp_path, dict(weights='a'), 2)
    store.append([0], dict(tokens=torch.zeros(1, 4, 3).half()))
    with pytest.raises(InputError, match=r'features of different sizes.*`CenterCrop`'):
        store.append([1], dict(tokens=torch.zeros(1, 6, 3).half()))


@pytest.mark.slow
def test_the_report_card_compares_the_probe_with_random_initialisations(videos, tmp_path):
    config = Config.fromfile(CONFIG)
    config.test_evaluator = [PROBE]
    config.dump(tmp_path / 'probe.py')
    call(
        'evaluate.py', videos / 'tiny.pth', '--config', tmp_path / 'probe.py',
        '--data-root', videos, '--work-dir', tmp_path, '--random-seeds', 2, '--no-duplicates',
        '--protocols', 'attentive', 'knn',
    )  # fmt: skip
    report = json.loads((tmp_path / 'report.json').read_text())
    figures = {figure['name']: figure for figure in report['figures']}
    assert set(figures) == {'attentive/motion/top1', 'knn/motion/top1'}
    figure = figures['attentive/motion/top1']
    assert figure['n'] == 5 and figure['chance'] is not None and len(figure['interval']) == 2
    assert set(figure['comparisons']) == {'random', 'colour', 'motion'}
    assert report['notes']['attentive/motion'].startswith('of 2 heads, lr ')
    assert 'notes.attentive/motion' in (tmp_path / 'report.html').read_text()
    single = make_runner(videos, tmp_path / 'single').test()
    assert figure['value'] == single['attentive/motion/top1']
