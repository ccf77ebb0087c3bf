"""Schedules that continue with other settings than those of the checkpoint."""

import warnings
from typing import Any

from mmengine.optim import (
    OneCycleParamScheduler,
    OptimWrapper,
    ReduceOnPlateauParamScheduler,
    _ParamScheduler,
)

from vsslbox.compat import restart_schedule, schedule_settings
from vsslbox.errors import InputError

__all__ = ['replay_schedules', 'schedules_differ']

# Schedulers whose values follow from more than their settings and the number of steps.
_NOT_REPLAYABLE = (OneCycleParamScheduler, ReduceOnPlateauParamScheduler)


def schedules_differ(checkpoint: dict, schedulers: list[_ParamScheduler]) -> bool:
    """Return whether a checkpoint's schedulers have other settings than those of the run."""
    saved = [schedule_settings(state) for state in checkpoint.get('param_schedulers', ())]
    return saved != [schedule_settings(scheduler.state_dict()) for scheduler in schedulers]


def replay_schedules(
    checkpoint: dict,
    optim_wrapper: OptimWrapper,
    schedulers: list[_ParamScheduler],
    epoch_length: int,
) -> None:
    """Write into a checkpoint what the run's schedules would have come to at its iteration.

    Many schedules compute each value from the one before, so all steps are repeated, from the
    checkpoint's initial values.

    Args:
        checkpoint: The content of a file; its schedulers' states and the scheduled values of its
            optimizer's parameter groups change.
        optim_wrapper: The run's optimizer.
        schedulers: The run's schedulers; they are at the checkpoint's iteration afterwards.
        epoch_length: The number of iterations in an epoch.

    Raises:
        InputError: A scheduler's values depend on validations, or on values in the optimizer.
    """
    for scheduler in schedulers:
        if isinstance(scheduler, _NOT_REPLAYABLE):
            raise InputError(
                f'{type(scheduler).__name__} cannot continue with another `param_scheduler`, '
                '`train_cfg.max_epochs`, batch size or list than the checkpoint has: keep them, or '
                'start a new run with `load_from`'
            )
    groups = optim_wrapper.param_groups
    optimizer = checkpoint.get('optimizer', {})
    saved = [*optimizer.get('param_groups', map(_settings, groups))]
    if 'base_param_settings' in optimizer:
        saved.append(optimizer['base_param_settings'])
    for group, values in zip(groups, saved, strict=True):
        group.update(_initial_values(values, {s.param_name for s in schedulers}))
    _step(schedulers, checkpoint['meta'], epoch_length)
    for group, values in zip(groups, saved, strict=True):
        values.update(_settings(group))
    checkpoint['param_schedulers'] = [scheduler.state_dict() for scheduler in schedulers]


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != 'params'}


def _initial_values(group: dict[str, Any], scheduled: set[str]) -> dict[str, Any]:
    """Return the settings of a parameter group as they were at the beginning of the run."""
    values = _settings(group)
    for name in scheduled & values.keys():
        values.setdefault(f'initial_{name}', values[name])
    for name in [name for name in values if name.startswith('initial_')]:
        values[name.removeprefix('initial_')] = values[name]
    return values


def _step(schedulers: list[_ParamScheduler], meta: dict[str, int], epoch_length: int) -> None:
    with warnings.catch_warnings():  # the optimizer makes no steps meanwhile
        warnings.simplefilter('ignore', UserWarning)
        for scheduler in schedulers:
            restart_schedule(scheduler)
        for done in range(1, meta['iter'] + 1):
            ends_epoch = done % epoch_length == 0 and done // epoch_length <= meta['epoch']
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
            for scheduler in schedulers:
                if scheduler.by_epoch and ends_epoch:
                    scheduler.step()
