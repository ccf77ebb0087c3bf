"""Warm-ups that have no time to rise."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import print_log
from mmengine.optim.scheduler.param_scheduler import LinearParamScheduler

from vsslbox.engine.schedulers.warmup_lr import WarmupLR
from vsslbox.registry import PARAM_SCHEDULERS

__all__ = ['without_short_warmups']


def without_short_warmups(schedules: Any, epoch_length: int) -> Any:
    """Return the configs of schedules without the linear warm-ups that never reach the rate.

    A warm-up of some epochs may be less than an iteration with few videos or ``--epochs``. mmengine
    refuses it, or leaves the rate at its first value for good. Without it, training begins with the
    full rate; the log tells so.

    Args:
        schedules: ``param_scheduler`` of a config: a schedule, a list, or a dict of them by the
            names of optimizers.
        epoch_length: The iterations of an epoch.
    """
    if isinstance(schedules, Mapping) and 'type' not in schedules:
        return {name: without_short_warmups(s, epoch_length) for name, s in schedules.items()}
    several = isinstance(schedules, Sequence)
    kept = []
    for schedule in schedules if several else [schedules]:
        if isinstance(schedule, Mapping) and _is_short_warmup(schedule, epoch_length):
            print_log(
                f'{schedule["type"]}, a warm-up to {schedule["end"]:g}, is left out: with '
                f'{epoch_length} iterations an epoch it has no step in which to rise',
                'current',
                logging.WARNING,
            )
        else:
            kept.append(schedule)
    return kept if several or not kept else schedules


def _is_short_warmup(schedule: Mapping[str, Any], epoch_length: int) -> bool:
    cls = schedule['type']
    if isinstance(cls, str):
        cls = PARAM_SCHEDULERS.get(cls)
    if not (isinstance(cls, type) and issubclass(cls, LinearParamScheduler)):
        return False
    if schedule.get('end_factor', 1) != 1 or 'end' not in schedule:
        return False
    unit = epoch_length if schedule.get('convert_to_iter_based') else 1
    steps = int(schedule['end'] * unit) - int(schedule.get('begin', 0) * unit)
    # The last step of mmengine's is the first one at the full rate, that of WarmupLR comes after.
    return steps < (1 if issubclass(cls, WarmupLR) else 2)
