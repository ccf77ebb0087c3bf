"""A warm-up that has no step to rise in is left out, so that training runs at its full rate."""

import json

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from tests.training import demo_config
from vsslbox.apis.command_line import build_runner
from vsslbox.config import set_epochs
from vsslbox.engine.schedulers import without_short_warmups
from vsslbox.registry import PARAM_SCHEDULERS

FALL = dict(type='MultiStepLR', milestones=[8], by_epoch=False)


def rates(schedules, epoch_length, steps):
    """The rates of a rate of 1, step by step."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    given = dict(optimizer=optimizer, epoch_length=epoch_length)
    built = [PARAM_SCHEDULERS.build(dict(cfg), default_args=given) for cfg in schedules]
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for schedule in built:
            schedule.step()
    return found


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('vsslbox'):
        yield


@pytest.mark.parametrize('type_', ['LinearLR', 'WarmupLR'])
@pytest.mark.parametrize('length', [0.05, 0.1, 0.2, 0.3, 0.5])
def test_every_warmup_that_is_left_reaches_the_full_rate(type_, length):
    warmup = dict(type=type_, start_factor=0.01, end=length, convert_to_iter_based=True)
    kept = without_short_warmups([warmup, FALL], epoch_length=10)
    found = rates(kept, epoch_length=10, steps=8)
    assert found[-1] == pytest.approx(1)
    iterations = int(length * 10)
    needed = 2 if type_ == 'LinearLR' else 1
    assert (found[0] == 0.01) == (iterations >= needed)


def test_one_that_stays_low_is_what_is_left_out():
    """What mmengine's would have done: the first value remains for good."""
    warmup = dict(type='LinearLR', start_factor=0.01, end=1, by_epoch=False)
    assert rates([warmup], epoch_length=10, steps=5) == [0.01] * 5
    assert without_short_warmups(warmup, epoch_length=10) == []


def test_other_schedules_stay():
    rise = dict(type='LinearLR', end=2, convert_to_iter_based=True)
    fall = dict(type='LinearLR', end=1, end_factor=0.1)
    cosine = dict(type='CosineAnnealingLR', T_max=3, end=0.01, convert_to_iter_based=True)
    always = dict(type='LinearLR')
    schedules = [rise, fall, cosine, always]
    assert without_short_warmups(schedules, epoch_length=1) == schedules
    assert without_short_warmups(rise, epoch_length=1) == rise
    several = dict(generator=[dict(rise, end=1), FALL], other=rise)
    assert without_short_warmups(several, epoch_length=1) == dict(generator=[FALL], other=rise)


@pytest.mark.slow
def test_a_training_of_few_videos_and_epochs_starts_at_the_full_rate(video_folder, tmp_path):
    """The warm-up of 2 of 30 epochs becomes 0.27 of 4, half an iteration."""
    config = demo_config('vclr', video_folder, tmp_path, param_scheduler__1__end=30)
    config.train_cfg.max_epochs, config.log_level = 30, 'WARNING'
    config.param_scheduler[1].T_max = 28
    set_epochs(config, 4)
    config.default_hooks.logger.interval = 1
    build_runner(config).train()
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    found = [line['lr'] for line in logged if 'lr' in line]
    assert len(found) == 8
    assert found[0] == config.optim_wrapper.optimizer.lr
    assert found == sorted(found, reverse=True)
    (text,) = tmp_path.glob('*/*.log')
    assert 'LinearLR, a warm-up to 0.266667, is left out: with 2 iterations' in text.read_text()
