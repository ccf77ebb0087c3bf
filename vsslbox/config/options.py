"""Values that the command line puts in the place of a config's."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from vsslbox.config.check import TOP_LEVEL, ConfigError

__all__ = ['replace_values']

# mmengine puts the path of each file above its text.
_PATH_LINE = re.compile(r'^/.*\.py$', re.MULTILINE)


def replace_values(config: Config, options: Mapping[str, Any]) -> None:
    """Replace values of a config, named by their places, such as ``model.momentum``.

    Raises:
        ConfigError: A name is a variable of the config file. What it stands for was put in while
            the file was read, so that another value would change nothing.
    """
    used = _used_names(config.text)
    for name in dict.fromkeys(option.split('.')[0] for option in options):
        if name in config and name not in TOP_LEVEL:
            places = _places_of(name, config)
            if name in used or places:
                raise ConfigError(_message(name, places))
    config.merge_from_dict(dict(options))


def _used_names(text: str) -> set[str]:
    """The variables that the text of a config, of all its files, uses; none if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(_PATH_LINE.sub('', text))))
    except SyntaxError:
        return set()
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    attributes = (n for n in nodes if isinstance(n, ast.Attribute))
    return names | {n.attr for n in attributes if ast.unparse(n.value) == '_base_'}


def _places_of(name: str, config: Config) -> list[str]:
    """Where the engine reads a key of the same name and with the same value."""
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
        f'which is put in where the file uses it. Name these places{where}'
    )


def _values(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """All values in a part of a config, with the names of their places."""
    yield place, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _values(value, f'{place}.{key}')
