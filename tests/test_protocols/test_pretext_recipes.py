"""Recipes of pretext tasks: their numbers, and that each trains a step on real clips."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
UCF101 = 9537
SHUFFLE = 'shuffle_and_learn/shuffle-and-learn_caffenet_1xb128-3f-1352e_ucf101'
ROTNET = 'rotnet3d/rotnet3d_r3d18_1xb32-16x2-16e_kinetics400'
RECIPES = {
    'pace/pace_r21d10_1xb30-16f-180e_ucf101': [16],
    'pace/pace_s3dg_4xb8-64f-180e_ucf101': [64],
    'vcop/vcop_r3d10_1xb8-3x16f-300e_ucf101': [16] * 3,
    'vcop/vcop_c3d_1xb8-3x16f-300e_ucf101': [16] * 3,
    ROTNET: [16] * 4,
    SHUFFLE: [1] * 3,
}
# Narrow networks of the same kind, and their channels; everything else is the recipe's.
SMALL = {
    'C3DTrunk': (dict(), 512),
    'CaffeNet': (dict(fc_channels=8), 8),
    'R3DResNet': (dict(base_channels=4), 32),
    'S3D': (dict(width=1 / 16), 64),
    'VideoResNet2Plus1d': (dict(base_channels=8), 64),
    'VideoResNet3d': (dict(base_channels=4), 32),
}


def read(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.mark.parametrize(
    ('name', 'lr', 'decay', 'batch'),
    [
        ('pace/pace_r21d10_1xb30-16f-180e_ucf101', 1e-3, 5e-3, 30),
        ('pace/pace_s3dg_4xb8-64f-180e_ucf101', 1e-2, 5e-3, 32),
        ('vcop/vcop_r21d10_1xb8-3x16f-300e_ucf101', 1e-3, 5e-4, 8),
        (ROTNET, 0.1, 1e-3, 32),
        (SHUFFLE, 1e-3, 5e-4, 128),
    ],
)
def test_optimizers_of_the_authors(name, lr, decay, batch):
    config = read(name)
    optimizer = config.optim_wrapper.optimizer.to_dict()
    assert optimizer == dict(type='SGD', momentum=0.9, lr=lr, weight_decay=decay)
    gpus = int(name.split('xb')[0].split('_')[-1])
    assert gpus * config.train_dataloader.batch_size == batch
    assert config.auto_scale_lr.base_batch_size == batch


def test_steps_of_shuffle_and_learn():
    config = read(SHUFFLE)
    steps = UCF101 // 128
    assert (
        (config.train_cfg.max_epochs - 1) * steps < 100_000 <= config.train_cfg.max_epochs * steps
    )
    assert config.param_scheduler.milestones == [80_000]


def test_biases_of_shuffle_and_learn_learn_twice_as_fast_and_do_not_decay():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    with DefaultScope.overwrite_default_scope('vsslbox'):
        groups = build_optim_wrapper(model, read(SHUFFLE).optim_wrapper).optimizer.param_groups
    weight, bias, *norms = [(group['lr'], group['weight_decay']) for group in groups]
    assert weight == (1e-3, 5e-4)
    assert bias == (2e-3, 0)
    assert norms == [(1e-3, 5e-4), (1e-3, 0)]


@pytest.mark.parametrize(
    ('name', 'channels'),
    [
        ('pace/pace_r21d10_1xb30-16f-180e_ucf101', 512),
        ('pace/pace_c3d_1xb30-16f-180e_ucf101', 512),
        ('pace/pace_s3dg_4xb8-64f-180e_ucf101', 1024),
        ('vcop/vcop_r3d10_1xb8-3x16f-300e_ucf101', 512),
        (ROTNET, 512),
    ],
)
def test_the_head_fits_the_network(name, channels):
    cfg = read(name).model
    assert cfg.head.in_channels == channels
    with DefaultScope.overwrite_default_scope('vsslbox'):
        backbone = MODELS.build(cfg.backbone)
    backbone.train(False)
    with torch.inference_mode():
        assert backbone(torch.randn(1, 3, 16, 32, 32)).shape[1] == channels


@pytest.mark.slow
@pytest.mark.parametrize(
    'name', [pytest.param(n, marks=[pytest.mark.full] * ('c3d' in n)) for n in RECIPES]
)
def test_recipe_trains_on_real_clips(name, data_root, tmp_path, monkeypatch):
    config = read(name)
    loader = config.train_dataloader
    loader.update(batch_size=2, num_workers=0, persistent_workers=False, pin_memory=False)
    videos = str(data_root / 'formats/torchvision_assets/videos')
    loader.dataset = on_videos(loader.dataset.to_dict(), videos)
    options = dict(work_dir=str(tmp_path), train_cfg=dict(max_epochs=1), log_level='ERROR')
    # One of the nine clips is too short for VCOP.
    options['custom_hooks'] = [dict(type='BadVideoHook', max_share=0.2)]
    options['model.backbone'], channels = SMALL[config.model.backbone.type]
    options['model.head'] = dict(in_channels=channels)
    config.merge_from_dict(options)
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    frames, losses = [], []
    loss = runner.model.loss

    def noting(inputs, data_samples):
        frames.append([view.shape[2] for view in inputs])
        losses.append(loss(inputs, data_samples))
        return losses[-1]

    monkeypatch.setattr(runner.model, 'loss', noting)
    runner.train()
    assert frames == [RECIPES[name]] * len(frames)
    assert all(step['loss_pretext'].isfinite() for step in losses)
    trained = runner.model.state_dict()
    assert {name for name in trained if not torch.equal(trained[name], start[name])} == set(trained)
