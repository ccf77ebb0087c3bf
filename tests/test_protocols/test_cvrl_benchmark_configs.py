"""The configs of CVRL's benchmarks do what their names say."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from vsslbox.datasets.transforms.steps import list_steps

BENCHMARKS = Path(__file__).resolve().parents[2] / 'configs' / 'cvrl' / 'benchmarks'
DETECTION = sorted(BENCHMARKS.glob('detection_*.py'))  # see also test_detection.py
CONFIGS = sorted(set(BENCHMARKS.glob('*.py')) - set(DETECTION))
START = r'(_(?P<start>simclr|imagenet|supervised|scratch)(-inflated)?)?'
NAME = re.compile(
    r'(?P<protocol>[a-z]+)_(?P<network>r3d\d+(-\dx)?)_(?P<gpus>\d+)xb(?P<batch>\d+)-32x2-(?P<epochs>\d+)e_'
    r'(?P<data>[a-z]+(?P<number>\d+))(-(?P<percent>\d+)percent)?' + START
)
# The learning rates of the paper by protocol and data.
RATES = {
    ('linear', 'kinetics400'): 32,
    ('linear', 'kinetics600'): 32,
    ('linear', 'ucf101'): 0.8,
    ('linear', 'hmdb51'): 0.2,
    ('finetune', 'ucf101'): 0.16,
    ('finetune', 'hmdb51'): 0.16,
    ('semi', 'kinetics400'): 0.2,
    ('semi', 'kinetics600'): 0.2,
    ('supervised', 'kinetics400'): 0.8,
    ('supervised', 'kinetics600'): 0.8,
}
# Depth and width.
NETWORKS = {'r3d50': (50, 64), 'r3d101': (101, 64), 'r3d50-2x': (50, 128), 'r3d50-4x': (50, 256)}
# The environment variable of the start weights.
STARTS = {
    None: 'CVRL',
    'simclr': 'SIMCLR',
    'imagenet': 'IMAGENET_R50',
    'supervised': 'CVRL_SUPERVISED',
}


def set_folders(monkeypatch):
    for name in ('KINETICS400', 'KINETICS600', 'UCF101', 'HMDB51', 'AVA', *STARTS.values()):
        monkeypatch.setenv(f'VSSLBOX_{name}', f'/set/{name.lower()}')


def assert_starts(model, start):
    """Inflated networks were trained with even padding, ImageNet's on normalised values."""
    inflated = start in ('simclr', 'imagenet')
    preprocessor, backbone = model.data_preprocessor, model.backbone
    assert backbone.padding == ('symmetric' if inflated else 'same')
    if start == 'imagenet':
        assert preprocessor.mean == [123.675, 116.28, 103.53]
        assert preprocessor.std == [58.395, 57.12, 57.375]
    else:  # values in [0, 1]
        assert (preprocessor.mean, preprocessor.std) == ([0, 0, 0], [255, 255, 255])
    if start == 'scratch':
        assert backbone.init_cfg is None
    else:
        assert backbone.init_cfg.checkpoint == f'/set/{STARTS[start].lower()}'
        assert backbone.init_cfg.get('inflate', False) == inflated


@pytest.mark.parametrize('path', DETECTION, ids=lambda path: path.stem)
def test_detection_starts_from_what_its_name_says(path, monkeypatch):
    set_folders(monkeypatch)
    start = re.fullmatch(r'detection_r3d50_8xb4-32x2-12e_ava' + START, path.stem)['start']
    assert_starts(Config.fromfile(path).model, start)


def test_each_protocol_has_each_start():
    """The rows of Tables 2, 3, 5 and 11."""
    starts = {}
    for path in [*CONFIGS, *DETECTION]:
        name = re.fullmatch(r'([a-z]+)_r3d50_.*?e_([a-z0-9]+)(-\d+percent)?' + START, path.stem)
        if name:
            starts.setdefault(''.join(filter(None, name.group(1, 2, 3))), set()).add(name['start'])
    for data in ('kinetics400', 'kinetics600'):
        assert starts[f'linear{data}'] == {None, 'simclr', 'imagenet'}
        for percent in (1, 10):
            assert starts[f'semi{data}-{percent}percent'] == {None, *STARTS, 'scratch'} - {
                'supervised'
            }
    for data in ('ucf101', 'hmdb51'):
        assert starts[f'finetune{data}'] == starts[f'linear{data}'] == set(STARTS)
    assert starts['detectionava'] == {*STARTS, 'scratch'}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_is_what_its_name_says(path, monkeypatch):
    set_folders(monkeypatch)
    name, config = NAME.fullmatch(path.stem), Config.fromfile(path)
    protocol, data, epochs = name['protocol'], name['data'], int(name['epochs'])

    assert config.train_dataloader.batch_size == int(name['batch'])
    assert config.auto_scale_lr.base_batch_size == int(name['gpus']) * int(name['batch'])
    assert config.train_cfg.max_epochs == config.param_scheduler.T_max == epochs
    assert config.param_scheduler.warmup == (5 if epochs == 200 or '8xb128' in path.stem else 0)
    assert config.optim_wrapper.optimizer == dict(
        type='SGD', lr=RATES[protocol, data], momentum=0.9, weight_decay=0
    )
    assert 'clip_grad' not in config.optim_wrapper

    for loader in ('train', 'val', 'test'):
        dataset = config[f'{loader}_dataloader'].dataset
        assert dataset.data_root == f'/set/{data}'
        assert dataset.ann_file.startswith(f'{data}_{"train" if loader == "train" else "val"}')
    train_list = config.train_dataloader.dataset.ann_file
    assert (f'_{name["percent"]}percent_' in train_list) == (protocol == 'semi')

    train, test = (config[f'{loader}_dataloader'].dataset.pipeline for loader in ('train', 'test'))
    clip = dict(clip_len=32, frame_interval=2)
    assert train.sample == dict(type='SampleRandomClip', **clip)
    assert list_steps(train.augment.transforms) == [
        dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0)),
        dict(type='RandomFlip', prob=0.5),
    ]
    assert test.sample == dict(type='SampleUniformClips', num_clips=10, **clip)
    assert list_steps(test.augment.transforms) == [dict(type='Resize', short_side=256)]
    assert test.crops == dict(type='ThreeCrops', size=256)

    backbone, head = config.model.backbone, config.model.cls_head
    depth, width = NETWORKS[name['network']]
    assert (backbone.depth, backbone.base_channels, head.in_channels) == (depth, width, 32 * width)
    assert head.num_classes == int(name['number'])
    assert (head.type == 'NormalizedI3DHead') == (protocol == 'linear')
    assert (backbone.get('frozen_stages') == 4) == (protocol == 'linear')
    assert backbone.get('norm_eval', False) == (protocol == 'linear')
    assert head.dropout_ratio == (0.5 if protocol == 'supervised' else 0)
    assert_starts(config.model, 'scratch' if protocol == 'supervised' else name['start'])
