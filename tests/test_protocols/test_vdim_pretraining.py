"""Test VDIM's configs: how ablations differ from their recipe, and that the recipes train."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.config import TOP_LEVEL
from vsslbox.datasets.transforms.steps import list_steps

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
UCF101 = 'vdim_r21d_16xb15-32f-50k_ucf101'
KINETICS600 = 'vdim_r21d_16xb15-32f-100k_kinetics600'
SAMPLE = 'train_dataloader.dataset.pipeline.sample.'
COLORS = 'train_dataloader.dataset.pipeline.augment.transforms.defer.transforms.'
LOSS = 'model.loss.'
ABSENT = 'absent'

JITTER = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8)
GREY = dict(type='RandomGrayscale', prob=0.25)
LAB = dict(type='LabChannelDropout', prob=0.5)
ROTATION = dict(type='RandomRotation', degrees=(-10, 10))
LAB_DROPOUT = {f'{COLORS}jitter': None, f'{COLORS}grey': None, f'{COLORS}lab': LAB}
NO_DIFFERENCE = {'model.type': 'VDIM', f'{SAMPLE}consequent_len': ABSENT}
ABLATIONS = {
    'down-1': {f'{SAMPLE}down_sampling': (1, 1)},
    'down-3': {f'{SAMPLE}down_sampling': (1, 3)},
    'lab-dropout': LAB_DROPOUT,
    'lab-dropout_rotation': {**LAB_DROPOUT, f'{COLORS}rotate': ROTATION},
    'layers-5-8': {f'{LOSS}layers': [5, 8]},
    'layers-6-8': {f'{LOSS}layers': [6, 8]},
    'layers-6-9': {
        'model.backbone.norm_is_layer': True,
        f'{LOSS}layers': [6, 9],
        f'{LOSS}other_layers': [9],
    },
    'layers-8': {f'{LOSS}layers': [8]},
    'no-clip': {f'{LOSS}clip': None},
    'no-difference': NO_DIFFERENCE,
    'no-difference_offset-32': {**NO_DIFFERENCE, f'{SAMPLE}offset': 32},
    'no-grey': {f'{COLORS}grey': None},
    'no-jitter': {f'{COLORS}jitter': None},
    'no-penalty': {f'{LOSS}penalty': 0},
    'no-scale': {f'{LOSS}scale': False},
    'offset-32': {f'{SAMPLE}offset': 32},
    'offset-32_down-1': {f'{SAMPLE}offset': 32, f'{SAMPLE}down_sampling': (1, 1)},
    'offset-32_down-3': {f'{SAMPLE}offset': 32, f'{SAMPLE}down_sampling': (1, 3)},
    'pair-8-8-twice': {f'{LOSS}repeat_pairs': True},
    'plain-loss': {
        f'{LOSS}scale': False,
        f'{LOSS}clip': None,
        f'{LOSS}penalty': 0,
        f'{LOSS}mask_same_video': False,
    },
    'rotation': {f'{COLORS}rotate': ROTATION},
    'same-video': {f'{LOSS}mask_same_video': False},
}


def read(name):
    """Read what the engine reads of a config."""
    config = Config.fromfile(CONFIGS / 'vdim' / f'{name}.py').to_dict()
    return {key: value for key, value in config.items() if key in TOP_LEVEL}


def differences(parent, child, path=''):
    """Return what the child has in other places than the parent, by dotted path."""
    if not (isinstance(parent, dict) and isinstance(child, dict)):
        return {} if parent == child else {path: child}
    found = {}
    for key in parent.keys() | child.keys():
        pair = parent.get(key, ABSENT), child.get(key, ABSENT)
        found.update(differences(*pair, f'{path}.{key}' if path else key))
    return found


def test_every_ablation_is_listed():
    found = {path.stem for path in (CONFIGS / 'vdim/ablations').glob('vdim_*.py')}
    assert found == {f'{UCF101}_{name}' for name in ABLATIONS}


@pytest.mark.parametrize('name', ABLATIONS)
def test_ablation_changes_what_its_name_says(name):
    child = read(f'ablations/{UCF101}_{name}')
    assert differences(read(UCF101), child) == ABLATIONS[name]


@pytest.mark.parametrize('down_sampling', [2, 3, 4])
def test_fine_tuning_ablation_changes_the_views_alone(down_sampling):
    name = 'finetune_r21d_2xb16-4x32f-67e_ucf101-split1'
    child = read(f'ablations/{name}_down-{down_sampling}')
    found = differences(read(f'benchmarks/{name}'), child)
    step = 'dataloader.dataset.pipeline.sample.down_sampling'
    assert found == {f'{loader}_{step}': down_sampling for loader in ('train', 'val', 'test')}


def test_the_ninth_layer_is_fine_tuned_under_its_name():
    name = 'finetune_r21d_2xb16-4x32f-67e_ucf101-split1'
    found = differences(read(f'benchmarks/{name}'), read(f'ablations/{name}_layer-9'))
    assert found == {'model.backbone.layer': 9}


@pytest.mark.parametrize(
    ('name', 'colors'),
    [
        ('', [JITTER, GREY]),
        ('_lab-dropout', [LAB]),
        ('_lab-dropout_rotation', [LAB, ROTATION]),
        ('_no-grey', [JITTER]),
        ('_no-jitter', [GREY]),
        ('_rotation', [JITTER, GREY, ROTATION]),
    ],
)
def test_colors_change_in_this_order(name, colors):
    config = read(f'ablations/{UCF101}{name}' if name else UCF101)
    augment = config['train_dataloader']['dataset']['pipeline']['augment']
    crop, defer = list_steps(augment['transforms'])
    assert crop['type'] == 'RandomResizedCrop'
    assert list_steps(defer['transforms']) == colors


def test_recipes_differ_in_data_length_and_difference():
    found = differences(read(UCF101), read(KINETICS600))
    data = 'train_dataloader.dataset.'
    assert found.keys() == {
        *NO_DIFFERENCE,
        *(f'{data}data_root', f'{data}ann_file', f'{data}data_prefix.video'),
        *('train_cfg.max_epochs', 'default_hooks.checkpoint.interval'),
    }


@pytest.mark.parametrize(
    ('name', 'videos', 'steps'), [(UCF101, 9537, 50_000), (KINETICS600, 361_080, 100_000)]
)
def test_epochs_are_the_steps_of_the_paper(name, videos, steps):
    config = read(name)
    batch = 16 * config['train_dataloader']['batch_size']
    assert batch == config['auto_scale_lr']['base_batch_size'] == 240
    epoch = videos // batch
    assert abs(config['train_cfg']['max_epochs'] * epoch - steps) < epoch


@pytest.mark.slow
@pytest.mark.parametrize('name', [UCF101, KINETICS600])
def test_recipe_trains_on_real_clips(name, data_root, tmp_path, monkeypatch):
    """Train a network of few channels; everything else is the recipe's."""
    config = Config.fromfile(CONFIGS / 'vdim' / f'{name}.py')
    loader = config.train_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False, pin_memory=False)
    videos = str(data_root / 'formats/torchvision_assets/videos')
    loader.dataset = on_videos(loader.dataset.to_dict(), videos)
    options = dict(work_dir=str(tmp_path), train_cfg=dict(max_epochs=1), log_level='ERROR')
    options['model.backbone'] = dict(base_channels=2, extra_blocks=1)
    options['model.neck'] = dict(in_channels=16, out_channels=8)
    config.merge_from_dict(options)
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    frames = []
    loss = runner.model.loss

    def noting(inputs, data_samples):
        frames.append([view.shape[2] for view in inputs])
        return loss(inputs, data_samples)

    monkeypatch.setattr(runner.model, 'loss', noting)
    runner.train()
    assert frames == [[32, 64 if name == UCF101 else 32]] * 2
    rates, losses = (
        runner.message_hub.get_scalar(f'train/{scalar}').data[0] for scalar in ('lr', 'loss')
    )
    assert np.isfinite(losses).all()
    assert np.allclose(rates, 2e-4 * np.array([1, 2]) / 500)
    trained = runner.model.state_dict()
    changed = {name for name in trained if not torch.equal(trained[name], start[name])}
    assert changed == set(trained)
