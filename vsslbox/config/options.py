"""Values of the command line that replace those of a config."""

import ast
import logging
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from vsslbox.config.check import TOP_LEVEL, ConfigError
from vsslbox.utils import inline_text

__all__ = ['replace_values']

# mmengine puts the path of each file above its text.
_PATH_LINE = re.compile(r'^/.*\.py$', re.MULTILINE)


def replace_values(config: Config, options: Mapping[str, Any]) -> None:
    """Replace values of a config, named by their places, such as ``model.momentum``.

    No other value changes: of schedules that end with the training, if its length changes, a
    warning names the options that change them too.

    Raises:
        ConfigError: A name is a variable of the config file, which was inserted while the file was
            read, so that another value would change nothing; or a place cannot be reached.
    """
    old_length = _length(config)
    used = _used_names(config.text)
    for name in dict.fromkeys(option.split('.')[0] for option in options):
        if name in config and name not in TOP_LEVEL:
            places = _places_of(name, config)
            if name in used or places:
                raise ConfigError(_message(name, places))
    for option, value in options.items():
        try:
            config.merge_from_dict({option: value})
        except (AttributeError, KeyError, TypeError) as error:  # what mmengine raises there
            place, found = _furthest(config, option)
            raise ConfigError(
                f'--cfg-options {option}=... cannot be set, since {place} is '
                f'{textwrap.shorten(inline_text(found), 60)}'
            ) from error
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
        if None in (old, new) or old == new or not schedule.get('by_epoch', True):
            continue
        place = f'param_scheduler.{index}' if is_list else 'param_scheduler'
        for name, begin in (('T_max', 0), ('T_max', schedule.get('begin', 0)), ('end', 0)):
            if schedule.get(name) == old - begin:
                tied[f'{place}.{name}'] = new - begin
    return tied


def _furthest(config: Config, option: str) -> tuple[str, Any]:
    """Return the part of a place that exists, and the value there."""
    node: Any = config.to_dict()
    names = option.split('.')
    for depth, name in enumerate(names):
        if isinstance(node, Mapping) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
            node = node[int(name)]
        else:
            return '.'.join(names[:depth]), node
    return option, node


def _used_names(text: str) -> set[str]:
    """Return the variables that the text of a config uses; none if the text is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(_PATH_LINE.sub('', text))))
    except SyntaxError:
        return set()
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    attributes = (n for n in nodes if isinstance(n, ast.Attribute))
    return names | {n.attr for n in attributes if ast.unparse(n.value) == '_base_'}


def _places_of(name: str, config: Config) -> list[str]:
    """Return where the engine reads a key of the same name with the same value."""
    return [
        place
        for key in config
        if key in TOP_LEVEL
        for place, value in _values(config[key], key)
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


def _values(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield all values in a part of a config, with their places."""
    yield place, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _values(value, f'{place}.{key}')
