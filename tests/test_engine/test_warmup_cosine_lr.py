"""The schedule against its closed form, step by step."""

import math

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn
from torch.optim import SGD

from vsslbox.engine.schedulers import WarmupCosineLR

LR, EPOCHS, EPOCH_LENGTH = 0.32, 8, 5


def closed_form(step, warmup, total, start=0.0):
    cosine = LR * 0.5 * (1 + math.cos(math.pi * step / total))
    at_warmup = LR * 0.5 * (1 + math.cos(math.pi * warmup / total))
    if step < warmup:
        return start * LR + (at_warmup - start * LR) * step / warmup
    return cosine


def optimizer():
    slow, fast = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    return SGD([dict(params=[slow], lr=LR), dict(params=[fast], lr=10 * LR)], lr=LR)


def build(optim, **cfg):
    """Build as mmengine's runner does."""
    return PARAM_SCHEDULERS.build(
        dict(type='vsslbox.WarmupCosineLR', **cfg),
        default_args=dict(optimizer=optim, epoch_length=EPOCH_LENGTH),
    )


def rates(scheduler, steps):
    """The rates with which ``steps`` steps are taken."""
    found = []
    for _ in range(steps):
        slow, fast = (group['lr'] for group in scheduler.optimizer.param_groups)
        assert fast == pytest.approx(10 * slow, rel=1e-12)
        found.append(slow)
        scheduler.optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize('warmup', [0, 1, 7, 39])
def test_in_iterations(warmup):
    total = EPOCHS * EPOCH_LENGTH
    scheduler = build(optimizer(), warmup=warmup, T_max=total, end=total, by_epoch=False)
    expected = [closed_form(step, warmup, total) for step in range(total)]
    assert rates(scheduler, total) == pytest.approx(expected, abs=1e-12)
    assert expected[0] == (0 if warmup else LR)


def test_a_warmup_from_a_rate_above_0():
    scheduler = build(optimizer(), warmup=7, end=40, start_factor=0.01, by_epoch=False)
    expected = [closed_form(step, 7, 40, start=0.01) for step in range(40)]
    assert rates(scheduler, 40) == pytest.approx(expected, abs=1e-12)
    assert expected[0] == 0.01 * LR


def test_in_epochs():
    scheduler = build(optimizer(), warmup=2, end=EPOCHS)
    expected = [closed_form(epoch, 2, EPOCHS) for epoch in range(EPOCHS)]
    assert rates(scheduler, EPOCHS) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('length', [dict(end=EPOCHS), dict(T_max=EPOCHS, end=EPOCHS + 1)])
@pytest.mark.parametrize('warmup', [0, 2, 0.5])
def test_converted_from_epochs(warmup, length):
    scheduler = build(optimizer(), warmup=warmup, convert_to_iter_based=True, **length)
    assert not scheduler.by_epoch
    total = EPOCHS * EPOCH_LENGTH
    in_steps = round(warmup * EPOCH_LENGTH)
    expected = [closed_form(step, in_steps, total) for step in range(total)]
    assert rates(scheduler, total) == pytest.approx(expected, abs=1e-12)


def test_after_the_end_the_rate_stays():
    scheduler = WarmupCosineLR(optimizer(), warmup=3, T_max=10)
    assert rates(scheduler, 14)[10:] == [0, 0, 0, 0]


def test_a_later_begin_shifts_it():
    scheduler = WarmupCosineLR(optimizer(), warmup=2, begin=3, end=11)
    expected = [LR] * 3 + [closed_form(step, 2, 8) for step in range(8)]
    assert rates(scheduler, 11) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('stop', [2, 6])
def test_resuming_equals_going_on(stop):
    settings = dict(warmup=4, T_max=12, by_epoch=False)
    expected = [closed_form(step, 4, 12) for step in range(12)]
    before = WarmupCosineLR(optimizer(), **settings)
    found = rates(before, stop)
    resumed = optimizer()
    after = WarmupCosineLR(resumed, **settings)
    after.load_state_dict(before.state_dict())
    resumed.load_state_dict(before.optimizer.state_dict())
    assert found + rates(after, 12 - stop) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('warmup', [-1, 10, 11])
def test_a_warmup_outside_the_schedule_is_refused(warmup):
    with pytest.raises(ValueError, match=r'within \[0, T_max\)'):
        WarmupCosineLR(optimizer(), warmup=warmup, T_max=10)


@pytest.mark.parametrize('start_factor', [-0.1, 1.1])
def test_a_start_outside_the_rates_is_refused(start_factor):
    with pytest.raises(ValueError, match=r'start_factor of WarmupCosineLR must be within \[0, 1\]'):
        WarmupCosineLR(optimizer(), warmup=1, T_max=10, start_factor=start_factor)


def test_only_epochs_are_converted():
    with pytest.raises(ValueError, match='by_epoch=True'):
        WarmupCosineLR.build_iter_from_epoch(
            optimizer(), warmup=1, epoch_length=EPOCH_LENGTH, T_max=10, by_epoch=False
        )
