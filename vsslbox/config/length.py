"""The length of a training, with its schedules."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from vsslbox.config.check import ConfigError

__all__ = ['set_epochs']

# The lengths of a schedule, in epochs or iterations. Whole numbers only: those of single steps.
LENGTHS = ('begin', 'end', 'T_max', 'warmup', 'milestones', 'step_size')
WHOLE = ('milestones', 'step_size')


def set_epochs(config: Config, epochs: int) -> None:
    """Change the length of a training, and all its schedules in the same proportion.

    What is counted in whole epochs or iterations is rounded, to 1 at least. The log tells what
    changed.

    Raises:
        ConfigError: The config does not train by epochs, or a schedule has no room in so few.
    """
    old = (config.get('train_cfg') or {}).get('max_epochs')
    if not isinstance(old, int):
        raise ConfigError('--epochs needs a config with `train_cfg.max_epochs`')
    if epochs < 1:
        raise ConfigError(f'--epochs must be 1 or more, got {epochs}')
    config.train_cfg.max_epochs = epochs
    schedules = config.get('param_scheduler') or []
    is_list = isinstance(schedules, list)
    changes = []
    for index, schedule in enumerate(schedules if is_list else [schedules]):
        place = f'param_scheduler.{index}' if is_list else 'param_scheduler'
        for name, value in _scaled(schedule, old, epochs).items():
            if value != schedule[name]:
                changes.append(f'{place}.{name} {schedule[name]} -> {value}')
            schedule[name] = value
        if schedule.get('begin', 0) >= schedule.get('end', float('inf')):
            raise ConfigError(
                f'{place}, a {schedule["type"]}, has no room in --epochs {epochs}: take more, or '
                'give a config with another schedule'
            )
    if steps := (config.get('model') or {}).get('warmup_steps'):  # of the method's first loss
        config.model.warmup_steps = max(1, round(steps * epochs / old))
        changes.append(f'model.warmup_steps {steps} -> {config.model.warmup_steps}')
    print_log(f'training for {epochs} epochs instead of {old}: {", ".join(changes)}', 'current')


def _scaled(schedule: Mapping[str, Any], old: int, new: int) -> dict[str, Any]:
    """Return the lengths of a schedule that suited ``old`` epochs for ``new`` ones."""
    fractions = schedule.get('convert_to_iter_based', False)

    def scale(value: float, name: str) -> float:
        exact = value * new / old
        if exact == int(exact):
            return int(exact)
        return exact if fractions and name not in WHOLE else max(1, round(exact))

    scaled: dict[str, Any] = {}
    for name in LENGTHS:
        if (value := schedule.get(name)) is not None:
            several = isinstance(value, list | tuple)
            scaled[name] = [scale(v, name) for v in value] if several else scale(value, name)
    # What fills the training to its end still does after rounding.
    if schedule.get('by_epoch', True) and schedule.get('T_max') == old - schedule.get('begin', 0):
        scaled['T_max'] = new - scaled.get('begin', 0)
    return scaled
