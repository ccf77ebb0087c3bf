"""Values that the command line puts in the place of a config's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from vsslbox.utils.config_check import TOP_LEVEL, ConfigError

__all__ = ['replace_values']

_COMMENT = re.compile(r'#.*')


def replace_values(config: Config, options: Mapping[str, Any]) -> None:
    """Replace values of a config, named by their places, such as ``model.momentum``.

    Raises:
        ConfigError: A name is a variable of the config file. What it stands for was put in while
            the file was read, so that another value would change nothing.
    """
    for name in dict.fromkeys(option.split('.')[0] for option in options):
        if name in config and name not in TOP_LEVEL and _is_used(name, config.text):
            raise ConfigError(_message(name, config))
    config.merge_from_dict(dict(options))


def _is_used(name: str, text: str) -> bool:
    """Whether the text of a config uses a variable elsewhere than at its definition."""
    use = rf'(?<![\w.\'"]){name}(?!\s*=[^=])(?![\w\'"])|_base_\.{name}\b'
    return re.search(use, _COMMENT.sub('', text)) is not None


def _message(name: str, config: Config) -> str:
    places = [
        place
        for key in config
        if key in TOP_LEVEL
        for place, value in _values(config[key], key)
        if place.endswith(f'.{name}') and value == config[name]
    ]
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
