"""Values of the command line that replace those of a config."""

import logging
import textwrap
from collections.abc import Mapping, MutableMapping
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from vsslbox.config.check import TOP_LEVEL, ConfigError
from vsslbox.config.variables import used_names, values_of
from vsslbox.utils import inline_text

__all__ = ['replace_values']


def replace_values(config: Config, options: Mapping[str, Any]) -> None:
    """Replace values of a config, named by their places, such as ``model.momentum``.

    A dict is merged into the dict at its place, as in a child config: ``_delete_=True`` in it
    replaces the old one. No other value changes: of schedules that end with the training, if its
    length changes, a warning names the options that change them too.

    Raises:
        ConfigError: A name is a variable of the config file, which was inserted while the file was
            read, so that another value would change nothing; or nothing reads a name that is new;
            or a place cannot be reached.
    """
    old_length = _length(config)
    used = used_names(config.text)
    for option in options:
        name = option.split('.')[0]
        if name not in config and name not in TOP_LEVEL:
            raise ConfigError(
                f'--cfg-options {option}=... would change nothing: nothing reads {name!r}'
                f'{_nearest_place(option, config)}'
            )
        if name == 'launcher':  # the command line's own option sets it
            raise ConfigError('--cfg-options launcher=... would change nothing: use --launcher')
        if name in config and name not in TOP_LEVEL:
            places = _places_of(name, config)
            if name in used or places:
                raise ConfigError(_message(name, places))
    for option, value in options.items():
        _replace(config, option, value)
    tied = _tied_to_length(config, old_length)
    tied = {option: tied[option] for option in tied if option not in options}
    if tied:
        print_log(
            f'train_cfg.max_epochs is {_length(config)}, but schedules still have the length of '
            f'{old_length} epochs. To change it, add '
            + ' '.join(f'{option}={value}' for option, value in tied.items()),
            'current',
            logging.WARNING,
        )


def _length(config: Config) -> int | None:
    length = (config.get('train_cfg') or {}).get('max_epochs')
    return length if isinstance(length, int) else None  # another type is refused when it is built


def _tied_to_length(config: Config, old: int | None) -> dict[str, int]:
    """Return the lengths of schedules, by place, that suited ``old`` epochs, as they should be."""
    new, schedules = _length(config), config.get('param_scheduler') or []
    is_list = isinstance(schedules, list)
    tied = {}
    for index, schedule in enumerate(schedules if is_list else [schedules]):
        if old is None or new is None or old == new or not schedule.get('by_epoch', True):
            continue
        place = f'param_scheduler.{index}' if is_list else 'param_scheduler'
        for name, begin in (('T_max', 0), ('T_max', schedule.get('begin', 0)), ('end', 0)):
            if schedule.get(name) == old - begin:
                tied[f'{place}.{name}'] = new - begin
    return tied


def _replace(config: Config, option: str, value: Any) -> None:
    """Replace the value at a place; dicts that are missing above it are made."""
    node: Any = config
    names = option.split('.')
    for depth, name in enumerate(names):
        key: str | int = name
        if isinstance(node, list) and name.isdecimal() and int(name) < len(node):
            key = int(name)
        elif not isinstance(node, (Config, MutableMapping)) or (
            name.isdecimal() and name not in node
        ):
            raise ConfigError(
                f'--cfg-options {option}=... cannot be set, since {".".join(names[:depth])} is '
                f'{_described(node)}'
            )
        elif name not in node:
            node[name] = {}
        if depth < len(names) - 1:
            node = node[key]
    node[key] = _merged(node[key], value)


def _described(node: Any) -> str:
    """Return a value for a message, and what selects its items."""
    if isinstance(node, Mapping):
        keys = textwrap.shorten(', '.join(map(str, node)), 100)
        return f'a dict of the keys {keys}' if keys else 'no list'
    size = f'a list of {len(node)}, counted from 0: ' if isinstance(node, list) else ''
    return size + textwrap.shorten(inline_text(node), 60)


def _merged(old: Any, new: Any) -> Any:
    """Return a new value, merged into the old one if both are dicts."""
    if not isinstance(new, Mapping):
        return new
    kept = {} if new.get('_delete_') or not isinstance(old, Mapping) else old
    items = {key: _merged(kept.get(key), item) for key, item in new.items() if key != '_delete_'}
    return {**kept, **items}


def _nearest_place(option: str, config: Config) -> str:
    """Return the end of a message: what the option may be meant to name, if there is anything."""
    name, dot, rest = option.partition('.')
    places = {
        place.rpartition('.')[2]: place
        for key in config
        if key in TOP_LEVEL
        for place, _ in values_of(config[key], key)
    } | {key: key for key in [*TOP_LEVEL, *config]}
    near = get_close_matches(name, places, 1)
    return f"; did you mean '{places[near[0]]}{dot}{rest}'?" if near else ''


def _places_of(name: str, config: Config) -> list[str]:
    """Return where the engine reads a key of the same name with the same value."""
    return [
        place
        for key in config
        if key in TOP_LEVEL
        for place, value in values_of(config[key], key)
        if place.endswith(f'.{name}') and value == config[name]
    ]


def _message(name: str, places: list[str]) -> str:
    where = ', such as ' + ' '.join(f'{place}=...' for place in places[:3]) if places else ''
    if name == 'data_root':
        where = f', or all of them by --data-root{where}'
    return (
        f'--cfg-options {name}=... would change nothing: {name} is a variable of the config file, '
        f'which is inserted where the file uses it. Name these places instead{where}'
    )
