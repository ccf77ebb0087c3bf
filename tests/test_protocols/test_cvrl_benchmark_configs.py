"""The configs of CVRL's benchmarks do what their names say."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from vsslbox.datasets.transforms.steps import list_steps

BENCHMARKS = Path(__file__).resolve().parents[2] / 'configs' / 'cvrl' / 'benchmarks'
# All but detection, for which see test_detection.py.
CONFIGS = sorted(set(BENCHMARKS.glob('*.py')) - set(BENCHMARKS.glob('detection_*.py')))
NAME = re.compile(
    r'(?P<protocol>[a-z]+)_r3d50_(?P<gpus>\d+)xb(?P<batch>\d+)-32x2-(?P<epochs>\d+)e_'
    r'(?P<data>[a-z]+(?P<number>\d+))(-(?P<percent>\d+)percent)?'
    r'(_(?P<start>simclr|imagenet)-inflated)?'
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
}


# The environment variable of the start weights.
STARTS = {None: 'CVRL', 'simclr': 'SIMCLR', 'imagenet': 'IMAGENET_R50'}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_is_what_its_name_says(path, monkeypatch):
    for name in ('KINETICS400', 'KINETICS600', 'UCF101', 'HMDB51', *STARTS.values()):
        monkeypatch.setenv(f'VSSLBOX_{name}', f'/set/{name.lower()}')
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
    if name['start'] != 'imagenet':  # values in [0, 1]
        preprocessor = config.model.data_preprocessor
        assert (preprocessor.mean, preprocessor.std) == ([0, 0, 0], [255, 255, 255])
    assert head.num_classes == int(name['number'])
    assert (head.type == 'NormalizedI3DHead') == (protocol == 'linear')
    assert (backbone.get('frozen_stages') == 4) == (protocol == 'linear')
    assert backbone.get('norm_eval', False) == (protocol == 'linear')
    assert head.dropout_ratio == (0.5 if protocol == 'supervised' else 0)
    if protocol == 'supervised':
        assert backbone.init_cfg is None
    else:
        assert backbone.init_cfg.checkpoint == f'/set/{STARTS[name["start"]].lower()}'
        assert backbone.init_cfg.get('inflate', False) == (name['start'] is not None)
