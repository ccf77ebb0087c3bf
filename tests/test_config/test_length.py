"""Another length of a training moves its schedules in proportion."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope

from tests.conftest import REPO
from vsslbox.config import ConfigError, set_epochs
from vsslbox.registry import PARAM_SCHEDULERS

CONFIGS = REPO / 'configs'


def rates(config, epoch_length):
    """Return the learning rate of every iteration of a training."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    optimizer = OptimWrapper(optimizer)
    cfgs = config.param_scheduler
    with DefaultScope.overwrite_default_scope('vsslbox'):
        schedulers = []
        for cfg in cfgs if isinstance(cfgs, list) else [cfgs]:
            cfg = dict(cfg, optimizer=optimizer)
            if cfg.get('convert_to_iter_based'):
                cfg['epoch_length'] = epoch_length
            schedulers.append(PARAM_SCHEDULERS.build(cfg))
    drawn = []
    optimizer.update_params(optimizer.optimizer.param_groups[0]['params'][0].sum())
    for iteration in range(config.train_cfg.max_epochs * epoch_length):
        drawn.append(optimizer.get_lr()['lr'][0])
        for scheduler in schedulers:
            if not scheduler.by_epoch or (iteration + 1) % epoch_length == 0:
                scheduler.step()
    return torch.tensor(drawn)


@pytest.mark.parametrize(
    ('name', 'epochs'),
    [
        ('vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py', 20),  # two schedules, one after the other
        ('demo/cvrl_r3d18w16_1xb32-8x3-64px.py', 20),  # a warm-up within a cosine
    ],
)
def test_a_shorter_training_follows_the_same_curve(name, epochs):
    long, short = Config.fromfile(CONFIGS / name), Config.fromfile(CONFIGS / name)
    set_epochs(short, epochs)
    times = long.train_cfg.max_epochs // epochs
    # Twenty iterations an epoch of the short one take as long as one iteration of the long one.
    assert torch.allclose(rates(short, 20 * times), rates(long, 20), atol=1e-6)


def test_steps_are_rounded_to_whole_epochs():
    config = Config(
        dict(
            train_cfg=dict(max_epochs=50),
            param_scheduler=[dict(type='MultiStepLR', milestones=[20, 41], gamma=0.1)],
        )
    )
    set_epochs(config, 10)
    assert config.train_cfg.max_epochs == 10
    assert config.param_scheduler[0].milestones == [4, 8]


def test_what_is_counted_in_iterations_moves_too():
    name = 'demo/vie-3dresnet_r18w16_1xb32-8x3-64px.py'
    config = Config.fromfile(CONFIGS / name)
    set_epochs(config, config.train_cfg.max_epochs // 2)
    assert config.model.warmup_steps == 165  # the first half, as before
    config = Config.fromfile(CONFIGS / 'rotnet3d/rotnet3d_r3d18_1xb32-16x2-16e_kinetics400.py')
    set_epochs(config, 8)
    assert config.param_scheduler.milestones == [12000, 24000, 36000, 48000]


def test_rounded_schedules_still_end_with_the_training():
    config = Config(
        dict(
            train_cfg=dict(max_epochs=400),
            param_scheduler=[
                dict(type='LinearLR', begin=0, end=5),
                dict(type='CosineAnnealingLR', begin=5, end=400, T_max=395),
            ],
        )
    )
    set_epochs(config, 30)
    first, second = config.param_scheduler
    assert (first.end, second.begin, second.end, second.T_max) == (1, 1, 30, 29)


def test_refusals():
    config = dict(
        train_cfg=dict(max_epochs=400),
        param_scheduler=dict(type='CosineAnnealingLR', begin=5, end=400),
    )
    with pytest.raises(ConfigError, match=r'param_scheduler, a CosineAnnealingLR, has no room'):
        set_epochs(Config(config), 1)
    with pytest.raises(ConfigError, match='must be 1 or more, got 0'):
        set_epochs(Config(config), 0)
    with pytest.raises(ConfigError, match=r'needs a config with `train_cfg.max_epochs`'):
        set_epochs(Config(dict(train_cfg=dict(max_iters=10))), 3)
