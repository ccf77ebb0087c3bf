"""The warm-up of VCLR against the law of the authors' code, step by step."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from torch import nn
from torch.optim import SGD

from tests.test_configs import ROOT

LR, EPOCH_LENGTH = 0.1, 7


def authors_rate(step, warmup, cosine):
    """The rate of the authors' schedule: from lr / 100 to lr, then half a cosine to 1e-6."""
    if step <= warmup:
        return LR * (warmup + 99 * step) / (100 * warmup)
    return 1e-6 + (LR - 1e-6) * (1 + math.cos(math.pi * (step - warmup) / cosine)) / 2


def rates(schedulers, optimizer, steps):
    """The rates with which ``steps`` steps are taken."""
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


def build(optimizer, cfgs):
    """Build as mmengine's runner does."""
    with DefaultScope.overwrite_default_scope('vsslbox'):
        return [
            PARAM_SCHEDULERS.build(
                dict(cfg), default_args=dict(optimizer=optimizer, epoch_length=EPOCH_LENGTH)
            )
            for cfg in cfgs
        ]


def sgd():
    return SGD([nn.Parameter(torch.ones(1))], lr=LR)


def test_every_rate_of_vclr_is_that_of_the_authors():
    config = Config.fromfile(ROOT / 'vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py')
    optimizer = sgd()
    steps = 400 * EPOCH_LENGTH
    found = rates(build(optimizer, config.param_scheduler), optimizer, steps)
    warmup, cosine = 5 * EPOCH_LENGTH, 395 * EPOCH_LENGTH
    expected = [authors_rate(step, warmup, cosine) for step in range(steps)]
    assert found == pytest.approx(expected, rel=1e-9)
    assert (found[0], found[warmup], max(found)) == pytest.approx((LR / 100, LR, LR), rel=1e-12)


def test_the_full_rate_lasts_where_nothing_follows():
    optimizer = sgd()
    warmup = dict(type='WarmupLR', start_factor=0.5, begin=2, end=6)
    found = rates(build(optimizer, [warmup]), optimizer, 9)
    fractions = [1, 1, 0.5, 0.625, 0.75, 0.875, 1, 1, 1]
    assert found == pytest.approx([LR * fraction for fraction in fractions])


@pytest.mark.parametrize('stop', [3, 10, 11])
def test_resuming_equals_going_on(stop):
    cfgs = [
        dict(type='WarmupLR', start_factor=0.01, end=10, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=10, end=30, T_max=20, by_epoch=False),
    ]
    optimizer = sgd()
    expected = rates(build(optimizer, cfgs), optimizer, 30)
    before, after = sgd(), sgd()
    schedulers, resumed = build(before, cfgs), build(after, cfgs)
    found = rates(schedulers, before, stop)
    after.load_state_dict(before.state_dict())
    for old, new in zip(schedulers, resumed, strict=True):
        new.load_state_dict(old.state_dict())
    assert found + rates(resumed, after, 30 - stop) == pytest.approx(expected, rel=1e-12)
