"""Recipes and protocols on several clips of a video say what their names and the authors say."""

import math
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, PARAM_SCHEDULERS, DefaultScope
from torch import nn

from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.checkpoints.loading import load_weights
from vsslbox.datasets.transforms.steps import list_steps

RHO = Path(__file__).resolve().parents[2] / 'configs' / 'rho'
RECIPES = sorted([*RHO.glob('*.py'), *RHO.glob('ablations/*.py')])
RECIPE = re.compile(
    r'rho-(?P<method>\w+)_slowonly-r50_(?P<gpus>\d+)xb(?P<batch>\d+)-'
    r'(?P<clips>\d)x(?P<frames>\d+)x(?P<interval>\d)-(?P<epochs>\d+)e_kinetics400(_v1-colors)?'
)
# method and clips -> type, optimizer, rate, decay, first momentum
AUTHORS = {
    ('moco', 2): ('RhoMoCo', 'SGD', 0.1, 1e-4, 0.994),
    ('moco', 4): ('RhoMoCo', 'SGD', 0.1, 1e-4, 0.994),
    ('byol', 2): ('BYOL', 'LARS', 0.6, 1e-6, 0.996),
    ('byol', 4): ('BYOL', 'LARS', 1.2, 1e-6, 0.996),
    ('simclr', 2): ('RhoSimCLR', 'LARS', 1.2, 1e-6, None),
    ('simclr', 4): ('RhoSimCLR', 'LARS', 1.2, 1e-6, None),
    ('swav', 2): ('SwAV', 'LARS', 0.6, 1e-6, None),
}
# (rate, decay, dropout, over all GPUs) of the protocols
PROTOCOLS = {
    'linear_slowonly-r50_8xb8-8x8-60e_kinetics400': (0.5, 0, 0, False),
    'linear_slowonly-r50_8xb8-16x4-60e_kinetics400': (0.5, 0, 0, False),
    'finetune_slowonly-r50_8xb8-8x8-200e_ucf101': (0.005, 1e-4, 0.5, False),
    'finetune_slowonly-r50_8xb8-8x8-200e_ucf101_sync-bn': (0.01, 0, 0.8, True),
    'finetune_slowonly-r50_8xb8-16x4-200e_ucf101_sync-bn': (0.01, 0, 0.8, True),
    'finetune_slowonly-r50_8xb8-8seg-22e_sthv2': (0.12, 1e-6, 0.5, False),
    'detection_slowonly-r50_8xb8-8x8-32e_ava': (0.3, 1e-7, 0.5, False),
    'detection_slowonly-r50_8xb8-8x8-32e_ava_sync-bn': (0.3, 1e-7, 0.5, True),
}
EPOCH_LENGTH = 20


def rates(config):
    """The learning rate of every iteration of a training with short epochs."""
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), config.optim_wrapper.optimizer.lr)
    schedules = config.param_scheduler
    with DefaultScope.overwrite_default_scope('vsslbox'):
        schedulers = [
            PARAM_SCHEDULERS.build(
                cfg, default_args=dict(optimizer=optimizer, epoch_length=EPOCH_LENGTH)
            )
            for cfg in ([schedules] if isinstance(schedules, dict) else schedules)
        ]
    found = []
    for iteration in range(config.train_cfg.max_epochs * EPOCH_LENGTH):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            if not scheduler.by_epoch or (iteration + 1) % EPOCH_LENGTH == 0:
                scheduler.step()
    return found


def authors_rate(epoch, peak, warmup, start, policy):
    """The rate at a fraction of an epoch: ``policy`` is followed from epoch 0, warm-up or not."""
    if epoch >= warmup:
        return peak * policy(epoch)
    return start + (peak * policy(warmup) - start) * epoch / warmup


def cosine(epochs):
    return lambda epoch: (math.cos(math.pi * epoch / epochs) + 1) / 2


def falls(*epochs):
    return lambda epoch: 0.1 ** sum(epoch >= fall for fall in epochs)


def test_all_recipes_and_protocols_are_here():
    assert len(RECIPES) == 9
    assert {path.stem for path in RHO.glob('benchmarks/*.py')} == set(PROTOCOLS)


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_a_recipe_has_the_authors_numbers(path):
    config, name = Config.fromfile(path), RECIPE.fullmatch(path.stem)
    kind, optimizer, lr, decay, momentum = AUTHORS[name['method'], int(name['clips'])]
    assert config.model.type == kind
    assert config.optim_wrapper.optimizer == dict(
        type=optimizer, lr=lr, momentum=0.9, nesterov=True, weight_decay=decay
    )
    assert config.optim_wrapper.paramwise_cfg == dict(norm_decay_mult=0)
    assert (config.optim_wrapper.type == 'AmpOptimWrapper') == (name['method'] == 'moco')
    assert (config.get('sync_bn') == 'torch') == (name['method'] != 'moco')
    assert config.model.get('momentum', {}).get('base') == momentum
    assert config.train_dataloader.batch_size == int(name['batch'])
    assert config.auto_scale_lr.base_batch_size == int(name['gpus']) * int(name['batch']) == 64
    assert config.train_cfg.max_epochs == int(name['epochs'])
    pipeline = config.train_dataloader.dataset.pipeline
    assert pipeline.sample == dict(
        type='SampleRandomSpans',
        num_clips=int(name['clips']),
        clip_len=int(name['frames']),
        frame_interval=int(name['interval']),
    )
    crop, flip, defer = list_steps(pipeline.augment.transforms)
    assert (crop['area'], flip['prob']) == ((0.2, 0.766), 0.5)
    colors = [(step['type'], step.get('prob')) for step in list_steps(defer['transforms'])]
    if 'v1' in path.stem:
        assert colors == [('RandomGrayscale', 0.2), ('ColorJitter', 1.0)]
    else:
        assert colors == [('ColorJitter', 0.8), ('RandomGrayscale', 0.2), ('GaussianBlur', 0.5)]


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_the_cosine_of_a_recipe_begins_before_the_warmup(path):
    config = Config.fromfile(path)
    peak, found = config.optim_wrapper.optimizer.lr, rates(config)
    for iteration, rate in enumerate(found):
        expected = authors_rate(iteration / EPOCH_LENGTH, peak, 35, 0.001, cosine(200))
        assert rate == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found[0] == pytest.approx(0.001)
    assert found[35 * EPOCH_LENGTH] == pytest.approx(0.926 * peak, rel=1e-3)


@pytest.mark.parametrize('name', PROTOCOLS)
def test_a_protocol_has_the_authors_numbers(name):
    config = Config.fromfile(RHO / 'benchmarks' / f'{name}.py')
    lr, decay, dropout, over_gpus = PROTOCOLS[name]
    assert config.optim_wrapper.optimizer == dict(
        type='SGD', lr=lr, momentum=0.9, nesterov=True, weight_decay=decay
    )
    assert (config.get('sync_bn') == 'torch') == over_gpus
    assert config.train_cfg.max_epochs == int(re.search(r'-(\d+)e_', name)[1])
    assert config.train_dataloader.batch_size == 8
    assert config.auto_scale_lr.base_batch_size == 64
    assert config.model.data_preprocessor.mean == [0.45 * 255] * 3
    assert config.model.data_preprocessor.std == [0.225 * 255] * 3
    head = config.model.get('cls_head') or config.model.roi_head.bbox_head
    assert head.dropout_ratio == dropout
    policy = {
        'linear': (8, 0, cosine(60)),
        'finetune': (0, 0, cosine(200)),
        'sthv2': (0.15, 1e-4, falls(14, 18)),  # 0.19 in whole iterations
        'detection': (5.3, 0.0005, falls(16, 24, 28)),
    }['sthv2' if name.endswith('sthv2') else name.split('_')[0]]
    for iteration, rate in enumerate(rates(config)):
        expected = authors_rate(iteration / EPOCH_LENGTH, lr, *policy)
        assert rate == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_clips_and_crops_of_the_protocols():
    for name in PROTOCOLS:
        if name.startswith('detection'):
            continue
        config = Config.fromfile(RHO / 'benchmarks' / f'{name}.py')
        train, test = (
            config[f'{which}_dataloader'].dataset.pipeline for which in ('train', 'test')
        )
        flips = 'flip' in train.augment.transforms and train.augment.transforms.flip
        assert bool(flips) == (not name.endswith('sthv2'))
        clip = re.search(r'-(\d+)x(\d)-', name)
        if clip is None:
            assert train.sample == dict(type='SampleRandomSegmentFrames', num_segments=8)
            assert test.sample == dict(type='SampleCentreSegmentFrames', num_segments=8)
            assert test.augment.transforms.crop == dict(type='CenterCrop', size=256)
            assert test.crops is None
            continue
        sizes = dict(clip_len=int(clip[1]), frame_interval=int(clip[2]))
        assert train.sample == dict(type='SampleRandomSpans', num_clips=1, **sizes)
        assert test.sample == dict(type='SampleUniformSpans', num_clips=10, **sizes)
        assert test.augment.transforms.crop is None
        assert test.crops == dict(type='ThreeCrops', size=256)


def build(cfg):
    with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
        return MODELS.build(cfg)


def test_the_network_of_the_protocols_is_that_of_the_recipes():
    recipe = Config.fromfile(RHO / 'rho-moco_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py')
    protocol = Config.fromfile(RHO / 'benchmarks/linear_slowonly-r50_8xb8-8x8-60e_kinetics400.py')
    detection = Config.fromfile(RHO / 'benchmarks/detection_slowonly-r50_8xb8-8x8-32e_ava.py')
    networks = [build(cfg.model.backbone) for cfg in (recipe, protocol, detection)]
    for network in networks:
        assert sum(p.numel() for p in network.parameters()) == 31_634_496
    first, *others = (
        {name: value.shape for name, value in network.state_dict().items()} for network in networks
    )
    assert all(other == first for other in others)
    layers = [
        {
            name: (module.stride, module.padding, module.dilation)
            for name, module in network.named_modules()
            if isinstance(module, nn.Conv3d | nn.MaxPool3d)
        }
        for network in networks[:2]
    ]
    assert layers[0] == layers[1]


def test_a_linear_evaluation_changes_statistics_but_no_weights():
    config = Config.fromfile(RHO / 'benchmarks/linear_slowonly-r50_8xb8-8x8-60e_kinetics400.py')
    cfg = config.model.to_dict()
    cfg['backbone'] = dict(cfg['backbone'], depth=18, base_channels=4, init_cfg=None)
    cfg['cls_head'] = dict(cfg['cls_head'], in_channels=32)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(cfg).train()
        optim = build_optim_wrapper(model, config.optim_wrapper)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    scores = model.cls_head(model.backbone(torch.randn(2, 3, 8, 32, 32)))
    optim.update_params(scores.square().sum())
    changed = {n for n, value in model.state_dict().items() if not torch.equal(value, before[n])}
    assert {name.split('.')[0] for name in changed} == {'backbone', 'cls_head'}
    kinds = {name.split('.')[-1] for name in changed if name.startswith('backbone')}
    assert kinds == {'running_mean', 'running_var', 'num_batches_tracked'}


def test_a_checkpoint_of_a_recipe_starts_a_protocol():
    backbone = dict(depth=18, base_channels=4)
    recipe = Config.fromfile(RHO / 'rho-byol_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py').model
    protocol = Config.fromfile(RHO / 'benchmarks/linear_slowonly-r50_8xb8-8x8-60e_kinetics400.py')
    with DefaultScope.overwrite_default_scope('vsslbox'):
        neck = dict(recipe.neck, in_channels=32, hidden_channels=16)
        trained = MODELS.build(
            dict(recipe.to_dict(), backbone=dict(recipe.backbone, **backbone), neck=neck)
        )
        started = MODELS.build(dict(protocol.model.backbone, **backbone, init_cfg=None))
    load_weights(started, dict(state_dict=trained.state_dict()), 'a checkpoint')
    for name, value in started.state_dict().items():
        assert torch.equal(value, trained.backbone.state_dict()[name]), name


FULL = ('rho-moco_2x8x8', 'rho-byol_4x16x4', 'rho-simclr_4x8x8')


@pytest.mark.slow
@pytest.mark.parametrize(
    'name',
    [
        'rho-moco_4x8x8',
        'rho-swav_2x8x8',
        *(pytest.param(name, marks=pytest.mark.full) for name in FULL),
    ],
)
def test_recipe_trains_on_real_clips(name, data_root, tmp_path, monkeypatch):
    method, clips = name.split('_')
    config = Config.fromfile(RHO / f'{method}_slowonly-r50_8xb8-{clips}-200e_kinetics400.py')
    loader = config.train_dataloader
    loader.update(batch_size=3, num_workers=0, persistent_workers=False, pin_memory=False)
    videos = str(data_root / 'formats/torchvision_assets/videos')
    loader.dataset = on_videos(loader.dataset.to_dict(), videos)
    small = dict(in_channels=32, hidden_channels=16)
    options = {
        'work_dir': str(tmp_path),
        'log_level': 'ERROR',
        'train_cfg.max_epochs': 1,
        'param_scheduler': dict(warmup=0, T_max=1),
        'custom_hooks': [],  # three steps do not fill a queue
        'optim_wrapper.type': 'OptimWrapper',
        'model.backbone': dict(depth=18, base_channels=4),
        'model.neck': small,
    }
    if method == 'rho-byol':
        options['model.predictor'] = dict(hidden_channels=16)
    config.merge_from_dict(options)
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    shapes, losses = [], []
    loss = runner.model.loss

    def noting(inputs, data_samples):
        shapes.append([tuple(view.shape) for view in inputs])
        assert not any(torch.equal(inputs[0], view) for view in inputs[1:])
        losses.append(loss(inputs, data_samples))
        return losses[-1]

    monkeypatch.setattr(runner.model, 'loss', noting)
    runner.train()
    num_clips, frames, _ = map(int, clips.split('x'))
    assert shapes == [[(3, 3, frames, 224, 224)] * num_clips] * 3
    assert all(value.isfinite() for step in losses for value in step.values())
    trained = runner.model.state_dict()
    same = {name for name in trained if torch.equal(trained[name], start[name])}
    # In the first epoch of a long list; scaling to unit length may round.
    frozen = {name for name in trained if name.startswith('prototypes')}
    assert same <= frozen
    for name in frozen:
        torch.testing.assert_close(trained[name], start[name])
