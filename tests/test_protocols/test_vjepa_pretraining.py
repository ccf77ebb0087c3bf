"""V-JEPA's recipes: schedules step by step, sizes, and a step on real clips."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from torch import nn

from tests.test_configs import ROOT
from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.registry import MODELS

VJEPA = 'vjepa_vit-l16_128xb24-16x4-90k_videomix2m'
MAIN_PHASE = 'vjepa2_vit-l16_128xb24-16f-240k_videomix2m'
COOLDOWN = 'vjepa2_vit-l16_256xb12-64f-12k_videomix2m'
EPOCH = 300  # the steps that the authors call an epoch


def warmup_cosine(step, epochs, start, top, end):
    """Their learning rate at a step, counted from 0, with a schedule of 1.25 times the length."""
    warmup = 40 * EPOCH
    if step < warmup:
        return start + step / warmup * (top - start)
    share = (step - warmup) / (1.25 * epochs * EPOCH - warmup)
    return end + (top - end) * (1 + math.cos(math.pi * share)) / 2


EXPECTED = {  # steps, learning rate and weight decay at a step
    VJEPA: (
        300 * EPOCH,
        lambda step: warmup_cosine(step, 300, 2e-4, 6.25e-4, 1e-6),
        lambda step: 0.4 - 0.36 * (1 + math.cos(math.pi * step / (375 * EPOCH))) / 2,
    ),
    MAIN_PHASE: (
        45 * EPOCH,  # of 800, but after the warm-up nothing changes
        lambda step: warmup_cosine(step, 800, 1e-4, 5.25e-4, 5.25e-4),
        lambda step: 0.04,
    ),
    COOLDOWN: (
        40 * EPOCH,
        lambda step: 5.25e-4 + (1e-6 - 5.25e-4) * step / (50 * EPOCH),
        lambda step: 0.04,
    ),
}


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step')  # no step is taken
@pytest.mark.parametrize('name', EXPECTED)
def test_every_rate_and_decay_is_that_of_the_authors(name):
    config = Config.fromfile(ROOT / f'vjepa/{name}.py')
    steps, rate, decay = EXPECTED[name]
    with DefaultScope.overwrite_default_scope('vsslbox'):
        wrapper = build_optim_wrapper(nn.Linear(2, 2), config.optim_wrapper)
        schedulers = [
            PARAM_SCHEDULERS.build(cfg, default_args=dict(optimizer=wrapper))
            for cfg in config.param_scheduler
        ]
    weight, bias = wrapper.param_groups[:2]  # then the settings of all
    for step in range(steps):
        if step % 50 == 0 or step < 20 or steps - step < 20:
            assert weight['lr'] == bias['lr'] == pytest.approx(rate(step), rel=1e-6)
            assert weight['weight_decay'] == pytest.approx(decay(step), rel=1e-6)
            assert bias['weight_decay'] == 0
        for scheduler in schedulers:
            scheduler.step()
    if name == COOLDOWN:
        assert weight['lr'] == pytest.approx(1.058e-4, rel=1e-3)


def test_momentum_of_the_recipes():
    first = MODELS.build(Config.fromfile(ROOT / f'vjepa/{VJEPA}.py').model.momentum)
    assert (first(0.0), first(1.0)) == (0.998, pytest.approx(0.9996))
    for name in (MAIN_PHASE, COOLDOWN):
        assert Config.fromfile(ROOT / f'vjepa/{name}.py').model.momentum == 0.99925


@pytest.mark.parametrize(
    ('name', 'millions', 'tokens'),
    [
        ('vjepa_vit-l16_128xb24-16x4-90k', 303.9, (8, 14, 14)),
        ('vjepa_vit-h16_128xb24-16x4-90k', 631.7, (8, 14, 14)),
        ('vjepa2_vit-g16_128xb24-16f-240k', 1012.2, (8, 16, 16)),
        ('vjepa2_vit-g16_256xb12-64f-12k', 1012.2, (32, 24, 24)),
    ],
)
def test_size_of_the_recipes(name, millions, tokens):
    config = Config.fromfile(ROOT / f'vjepa/{name}_videomix2m.py')
    with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
        model = MODELS.build(config.model.to_dict())
    count = sum(parameter.numel() for parameter in model.backbone.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.1)
    assert model.backbone.grid == tokens
    steps = config.train_dataloader.dataset.pipeline
    assert steps.sample.clip_len == 2 * tokens[0]
    assert steps.augment.transforms.crop.size == 16 * tokens[1]
    assert model.predictor.predictor_embed.in_features == model.backbone.feat_dim


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'side'), [(VJEPA, 224), (MAIN_PHASE, 256)])
def test_recipe_trains_on_real_clips(name, side, data_root, tmp_path, monkeypatch):
    """In bfloat16, with activation checkpointing where the recipe has it."""
    config = Config.fromfile(ROOT / f'vjepa/{name}.py')
    loader = config.train_dataloader
    loader.update(batch_size=3, num_workers=0, persistent_workers=False, pin_memory=False)
    videos = str(data_root / 'formats/torchvision_assets/videos')
    loader.dataset = on_videos(loader.dataset.to_dict(), videos)
    config.merge_from_dict(
        {
            'work_dir': str(tmp_path),
            'log_level': 'ERROR',
            'train_cfg.max_epochs': 1,
            'model.backbone': dict(embed_dims=24, depth=1, num_heads=2),
            'model.predictor': dict(in_channels=24, embed_dims=16, depth=1, num_heads=2),
        }
    )
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    shapes, losses = [], []
    loss = runner.model.loss

    def noting(inputs, data_samples):
        shapes.append([tuple(view.shape) for view in inputs])
        losses.append(loss(inputs, data_samples)['loss_prediction'])
        return dict(loss_prediction=losses[-1])

    monkeypatch.setattr(runner.model, 'loss', noting)
    runner.train()
    assert set(map(tuple, shapes)) == {((3, 3, 16, side, side),)}
    # Targets have unit variance and predictions begin near 0: the mean of a normal law's |x|.
    assert all(value.item() == pytest.approx(0.8, abs=0.05) for value in losses)
    assert {value.dtype for value in losses} == {torch.float32}
    trained = runner.model.state_dict()
    assert not {name for name in trained if torch.equal(trained[name], start[name])}
