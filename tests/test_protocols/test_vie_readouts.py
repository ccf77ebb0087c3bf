"""Test VIE's layer read-outs by their own configs: sizes, start weights, numbers."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.apis.command_line import build_runner
from vsslbox.checkpoints import CheckpointError
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.registry import MODELS
from vsslbox.utils import file_sha256

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'vie'
BENCHMARKS = CONFIGS / 'benchmarks'
NAME = re.compile(
    r'readout_(?P<network>[a-z0-9-]+)_r18_1xb(?P<batch>\d+)-(?P<clip>[a-z0-9]+)-'
    r'(?P<epochs>\d+)e_(?P<data>kinetics400|imagenet)'
)
# Values of conv3, conv4 and conv5 by network; those of the first and third by the authors' code.
VALUES = {
    'single': (100_352, 50_176, 25_088),
    'slow': (100_352, 50_176, 25_088),
    '3dresnet': (25_088, 12_544, 8_192),
    'trn': (100_352, 50_176, 25_088),
    'slowfast': (125_440, 62_720, 31_360),
    'twostream-s': (200_704, 100_352, 50_176),
    'twostream-sf': (225_792, 112_896, 56_448),
    'random': (100_352, 50_176, 25_088),
    'single-ir': (100_352, 50_176, 25_088),
    'input-single-trn': (100_352, 50_176, 25_088),
    'input-single-slow': (100_352, 50_176, 25_088),
    'input-single-slowfast': (100_352, 50_176, 25_088),
}
CLASSES = dict(kinetics400=400, imagenet=1000)
# Steps to both falls of the rate, in the authors' settings without the step of the start weights.
# TRN's first is not known: it follows 3DResNet; nor is the step at which their IR ends: here after
# 766 epochs.
IR_END = 766 * 1874
FALLS = {
    'single': dict(kinetics400=(235_099, 519_998), imagenet=(116_301, 516_691)),
    'slow': dict(kinetics400=(99_998, 274_998), imagenet=(250_011, 500_011)),
    '3dresnet': dict(kinetics400=(300_011, 474_998), imagenet=(400_011, 1_050_011)),
    'trn': dict(kinetics400=(300_011, 474_998), imagenet=(400_011, 1_050_011)),
    'slowfast': dict(kinetics400=(119_998, 244_998), imagenet=(200_011, 460_011)),
    'twostream-s': dict(kinetics400=(104_998, 244_998), imagenet=(230_011, 570_011)),
    'twostream-sf': dict(kinetics400=(134_998, 259_998), imagenet=(160_011, 460_011)),
    'random': dict(kinetics400=(409_998, 664_998), imagenet=(370_011, 524_998)),
    'single-ir': dict(
        kinetics400=(1_740_011 - IR_END, 2_120_011 - IR_END),
        imagenet=(1_840_011 - IR_END, 2_192_191 - IR_END),
    ),
    'input-single-trn': dict(kinetics400=(149_998, 324_998)),
    'input-single-slow': dict(kinetics400=(154_998, 344_998)),
    'input-single-slowfast': dict(kinetics400=(94_998, 209_999)),
}
# The frames that a video needs in training; a shorter one is replaced.
NEEDED = {'4x16': 65, '4bins': 5}
# The transforms that change the colours, and their probabilities.
COLORS = dict(
    kinetics400=[('ColorJitter', 1.0), ('RandomGrayscale', 0.3)],
    imagenet=[('RandomGrayscale', 0.2), ('ColorJitter', 1.0)],
)
SAMPLES = dict(kinetics400=239_888, imagenet=1_281_167)
READOUTS = sorted(BENCHMARKS.glob('readout_*.py'))


def config_of(network, data):
    (path,) = BENCHMARKS.glob(f'readout_{network}_*_{data}.py')
    return Config.fromfile(path)


def pipeline_of(config, loader):
    return config[f'{loader}_dataloader'].dataset.pipeline


def build(cfg):
    with DefaultScope.overwrite_default_scope('vsslbox'):
        return MODELS.build(cfg.to_dict())


def test_every_network_has_its_data_sets():
    found = {NAME.fullmatch(path.stem).group('network', 'data') for path in READOUTS}
    assert found == {(network, data) for network in VALUES for data in FALLS[network]}
    # As the tables of the paper do, which show other clips of Single on videos only.
    assert [len(data) for data in FALLS.values()] == [2] * 9 + [1] * 3
    assert len(READOUTS) == len(found)


@pytest.mark.parametrize('path', READOUTS, ids=lambda path: path.stem)
def test_config_is_what_its_name_says(path):
    name, config = NAME.fullmatch(path.stem), Config.fromfile(path)
    assert config.model.num_classes == CLASSES[name['data']]
    assert tuple(config.model.in_features.values()) == VALUES[name['network']]
    assert config.train_dataloader.batch_size == int(name['batch'])
    assert config.train_cfg.max_epochs == int(name['epochs'])
    assert config.optim_wrapper.optimizer == dict(
        type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4
    )
    epoch = SAMPLES[name['data']] // int(name['batch'])
    falls = [round(steps / epoch) for steps in FALLS[name['network']][name['data']]]
    assert config.param_scheduler.milestones == falls
    assert 1.08 < int(name['epochs']) / falls[-1] < 1.13
    assert config.test_dataloader == config.val_dataloader
    size = 112 if name['network'] == '3dresnet' else 224
    train, test = pipeline_of(config, 'train'), pipeline_of(config, 'test')
    sampled = test.sample
    assert sampled.type == 'SampleUniformClips'
    clip = dict(clip_len=sampled.clip_len, frame_interval=sampled.frame_interval)
    if name['clip'] == '4bins':
        assert (train.sample.type, train.sample.num_bins) == ('SampleBinnedFrames', 4)
        assert clip == dict(clip_len=4, frame_interval=12)
    else:
        assert train.sample == dict(type='SampleRandomClip', **clip)
        assert name['clip'] in ('{clip_len}x{frame_interval}'.format(**clip), str(clip['clip_len']))
    for pipeline in (train, test):
        augmented = list_steps(pipeline.augment.transforms)
        assert [t.size for t in augmented if t.get('size')] == [size]
    colors = list_steps(train.color.transforms.defer.transforms)
    assert [(t.type, t.prob) for t in colors] == COLORS[name['data']]
    assert sampled.num_clips == (5 if name['data'] == 'kinetics400' else 1)
    needed = NEEDED.get(name['clip']) if name['data'] == 'kinetics400' else None
    assert train.length == (dict(type='RequireFrames', min_frames=needed) if needed else None)
    assert 'length' not in test
    assert train.rate == test.rate == dict(type='CheckFrameRate', fps=25)


@pytest.mark.parametrize('path', READOUTS, ids=lambda path: path.stem)
def test_start_weights(path):
    """Random weights stay random; all others come from a checkpoint."""
    backbone = Config.fromfile(path).model.backbone
    streams = [backbone[key] for key in ('static', 'dynamic') if key in backbone] or [backbone]
    is_random = NAME.fullmatch(path.stem)['network'] == 'random'
    assert [stream.init_cfg is None for stream in streams] == [is_random] * len(streams)


SUPERVISED = {'single': '1', 'trn': '4bins', '3dresnet': '16x1', 'slow': '4x16', 'slowfast': '16x4'}


@pytest.mark.parametrize('network', SUPERVISED)
def test_supervised_networks_are_those_of_pretraining(network):
    clip = SUPERVISED[network]
    config = Config.fromfile(
        BENCHMARKS / f'supervised_{network}_r18_1xb128-{clip}-90e_kinetics400.py'
    )
    (pretraining,) = (Config.fromfile(path) for path in CONFIGS.glob(f'vie-{network}_*.py'))
    backbone = pretraining.model.backbone.to_dict()
    backbone.get('backbone', backbone).pop('init_cfg', None)  # TRN's pretraining has start weights
    backbone.pop('init_cfg', None)
    ours = config.model.backbone.to_dict()
    assert ours.pop('init_cfg', None) is None
    assert ours == backbone
    assert config.model.cls_head.num_classes == 400
    assert config.model.cls_head.in_channels == pretraining.model.neck.in_channels
    for loader in ('train', 'val'):
        ours, theirs = pipeline_of(config, loader), pipeline_of(pretraining, loader)
        assert ours.sample == theirs.sample
        assert ours.get('length') == theirs.get('length')
        crops = [
            [t.size for t in list_steps(p.augment.transforms) if t.get('size')]
            for p in (ours, theirs)
        ]
        assert crops[0] == crops[1]
    assert config.test_dataloader.dataset == config.val_dataloader.dataset
    optimizer = config.optim_wrapper
    assert optimizer.optimizer == dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4)
    assert optimizer.paramwise_cfg == dict(norm_decay_mult=0)
    assert (config.train_cfg.max_epochs, config.param_scheduler.milestones) == (90, [60, 80])


@pytest.mark.parametrize('network', VALUES)
def test_read_outs_fit_the_maps(network):
    """The model takes a clip of its pipeline's size (on the meta device, without memory)."""
    config = config_of(network, 'kinetics400')
    length = pipeline_of(config, 'test').sample.clip_len
    size = 112 if network == '3dresnet' else 224
    with torch.device('meta'):
        model = build(config.model)
        features = model.features(torch.empty(2, 3, length, size, size))
    assert [tuple(rows.shape) for rows in features.values()] == [(2, n) for n in VALUES[network]]


@pytest.mark.parametrize('network', ['single', 'slow', '3dresnet', 'slowfast'])
def test_networks_are_those_of_pretraining(network):
    (pretraining,) = CONFIGS.glob(f'vie-{network}_*.py')
    ours = dict(config_of(network, 'imagenet').model.backbone)
    assert ours.pop('init_cfg').type == 'vsslbox.PretrainedBackbone'
    assert ours == Config.fromfile(pretraining).model.backbone


def narrow(node):
    """Return the same networks with fewer channels."""
    if isinstance(node, dict):
        node = {key: narrow(value) for key, value in node.items()}
        if node.get('type') == 'PreActSlowFast':
            node.update(base_channels=4, fast_channels=2)
        elif node.get('type') == 'PreActResNet3d':
            node.update(base_channels=4)
    return node


def vie_checkpoint(backbone, path):
    """Save a checkpoint as a pretraining by VIE does, and return the backbone in it."""
    backbone = {k: v for k, v in backbone.items() if k != 'init_cfg'}
    vie = MODELS.build(
        dict(
            type='VIE',
            backbone=backbone,
            neck=dict(type='MLPNeck', in_channels=8, out_channels=8, num_layers=1),
            bank=dict(type='FeatureBank', num_videos=4, channels=8),
            loss=dict(type='InstanceRecognitionLoss', num_noise=2),
        )
    )
    for tensor in vie.backbone.state_dict().values():
        tensor.copy_(torch.rand(tensor.shape) * 0.05)
    torch.save(dict(state_dict=vie.state_dict(), meta={}), path)
    return vie.backbone.state_dict()


def assert_filled(module, state):
    assert module.state_dict().keys() == state.keys()
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name


@pytest.mark.parametrize('network', ['twostream-s', 'twostream-sf'])
def test_two_streams_start_from_two_checkpoints(network, tmp_path, monkeypatch):
    for stream in ('SINGLE', 'DYNAMIC'):
        monkeypatch.setenv(f'VSSLBOX_VIE_{stream}', str(tmp_path / f'{stream}.pth'))
    cfg = narrow(config_of(network, 'kinetics400').model.backbone.to_dict())
    static = vie_checkpoint(cfg['static'], tmp_path / 'SINGLE.pth')
    dynamic = vie_checkpoint(cfg['dynamic'], tmp_path / 'DYNAMIC.pth')
    model = MODELS.build(
        dict(type='LayerReadout', backbone=cfg, in_features=dict(conv3=8), num_classes=2)
    )
    model.init_weights()
    assert_filled(model.backbone.static, static)
    assert_filled(model.backbone.dynamic, dynamic)


@pytest.mark.parametrize('network', ['3dresnet', 'slowfast', 'trn'])
def test_other_networks_start_from_one(network, tmp_path, monkeypatch):
    monkeypatch.setenv('VSSLBOX_VIE', str(tmp_path / 'vie.pth'))
    cfg = narrow(config_of(network, 'imagenet').model.backbone.to_dict())
    model = MODELS.build(
        dict(type='LayerReadout', backbone=cfg, in_features=dict(conv3=8), num_classes=2)
    )
    with pytest.raises(CheckpointError, match=r'no checkpoint at .*vie.pth'):
        model.init_weights()
    state = vie_checkpoint(cfg, tmp_path / 'vie.pth')
    model.init_weights()
    assert_filled(model.backbone, state)


def small(config, tmp_path, epochs):
    """Shrink a config: few epochs, four channels, clips of 4 frames of 32x32 pixels."""
    config.model.backbone = narrow(config.model.backbone.to_dict())
    config.model.in_features = dict(conv3=8 * 4 * 4, conv4=16 * 2 * 2, conv5=32)
    config.model.num_classes = 2
    for loader in ('train', 'val', 'test'):
        data = config[f'{loader}_dataloader']
        data.update(batch_size=4, num_workers=0, persistent_workers=False)
        for one in list_steps(data.dataset.pipeline):
            if 'clip_len' in one:
                one.update(clip_len=4, frame_interval=1)
            for transform in list_steps(one.get('transforms', [])):
                if 'size' in transform:
                    transform.size = 32
                if transform.type == 'RandomShortSide':
                    transform.update(low=36, high=40)
                if 'short_side' in transform:
                    transform.short_side = 36
    config.merge_from_dict(
        dict(
            train_cfg=dict(max_epochs=epochs, val_interval=epochs),
            work_dir=str(tmp_path / 'work'),
            log_level='ERROR',
        )
    )
    config.default_hooks.checkpoint.interval = 1
    return config


def train_and_test(config):
    """Train and test, check what both leave behind, and return the metrics by name."""
    runner = build_runner(config)
    runner.train()
    trained = runner.model.state_dict()
    validated = {
        name.removeprefix('val/'): value.data[0][-1]
        for name, value in runner.message_hub.log_scalars.items()
        if name.startswith('val/readout')
    }
    for tap in ('conv3', 'conv4', 'conv5'):
        losses = runner.message_hub.get_scalar(f'train/loss_{tap}').data[0]
        assert len(losses) >= 4
        assert np.isfinite(losses).all()
    work_dir, epochs = Path(config.work_dir), config.train_cfg.max_epochs
    first, last = (
        torch.load(work_dir / f'epoch_{epoch}.pth', weights_only=True)['state_dict']
        for epoch in (epochs - 1, epochs)
    )
    assert {name for name in first if not torch.equal(first[name], last[name])} == {
        f'readouts.{tap}.{kind}' for tap in config.model.in_features for kind in ('weight', 'bias')
    }
    config.load_from = str(work_dir / f'epoch_{epochs}.pth')
    tester = build_runner(config)
    metrics = tester.test()
    assert all(
        torch.equal(value, trained[name]) for name, value in tester.model.state_dict().items()
    )
    record = json.loads((work_dir / 'metrics.json').read_text())
    assert record['protocol'] == 'layer read-outs'
    assert record['checkpoint_sha256'] == file_sha256(config.load_from)
    assert record['metrics'] == pytest.approx(metrics)
    assert set(metrics) == {
        f'readout/{tap}/top{k}' for tap in ('conv3', 'conv4', 'conv5') for k in (1, 5)
    }
    assert validated == pytest.approx(metrics)
    return metrics, record['test']['videos']


@pytest.mark.slow
def test_on_real_clips(data_root, tmp_path, monkeypatch):
    """A checkpoint of VIE leads to the numbers of the taps."""
    videos = data_root / 'scenes2' / 'videos_160p'
    chosen = sorted(videos.rglob('*.mp4'))[:8]
    (tmp_path / 'list.txt').write_text(
        ''.join(f'{path.relative_to(videos).as_posix()} {i % 2}\n' for i, path in enumerate(chosen))
    )
    monkeypatch.setenv('VSSLBOX_VIE', str(tmp_path / 'vie.pth'))
    config = small(config_of('3dresnet', 'kinetics400'), tmp_path, epochs=2)
    for loader in ('train', 'val', 'test'):
        config[f'{loader}_dataloader'].dataset.update(
            data_root=str(videos),
            ann_file=str(tmp_path / 'list.txt'),
            data_prefix=dict(video=''),
        )
    state = vie_checkpoint(config.model.backbone.to_dict(), tmp_path / 'vie.pth')
    metrics, count = train_and_test(config)
    assert count == 8
    for name, value in metrics.items():
        assert value == 100 if name.endswith('top5') else value in {n * 12.5 for n in range(9)}
    saved = torch.load(tmp_path / 'work' / 'epoch_2.pth', weights_only=True)['state_dict']
    for name, value in state.items():
        assert torch.equal(saved[f'backbone.{name}'], value), name


@pytest.mark.slow
def test_on_images_that_tell_their_class(tmp_path):
    """A network with random weights is enough to tell bright images from dark ones."""
    rng = np.random.default_rng(0)
    for split in ('train', 'val'):
        # As in the download, the validation images are in one folder: their list gives the class.
        (tmp_path / split).mkdir()
        lines = []
        for number in range(16):
            label, name = number % 2, f'{number}.JPEG'
            image = rng.integers(200 * label, 200 * label + 50, (48, 64, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / split / name), image)
            lines.append(f'{name} {label}\n')
        (tmp_path / f'imagenet_{split}_list_images.txt').write_text(''.join(lines))
    config = small(config_of('3dresnet', 'imagenet'), tmp_path, epochs=6)
    config.model.backbone['init_cfg'] = None
    for loader in ('train', 'val', 'test'):
        config[f'{loader}_dataloader'].dataset.data_root = str(tmp_path)
    metrics, count = train_and_test(config)
    assert count == 16
    assert min(metrics.values()) >= 90
