"""Configs as Python text."""

import keyword
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ['config_text', 'inline_text']

_WIDTH = 100
_INDENT = 4


def config_text(values: Mapping[str, Any]) -> str:
    """Return a config as Python text, with the keys of every dict in their own order.

    The order of a pipeline's named steps is their meaning, and mmengine's ``pretty_text`` sorts
    them by name.

    Args:
        values: The variables of the config.
    """
    return ''.join(f'{key} = {_text(value, len(key) + 3, 0)}\n' for key, value in values.items())


def inline_text(value: Any) -> str:
    """Return a value of a config as Python text on one line."""
    opening, items, closing = _parts(value)
    inner = ', '.join(name + inline_text(item) for name, item in items)
    comma = ',' * (isinstance(value, tuple) and len(value) == 1)
    return f'{opening}{inner}{comma}{closing}'


def _text(value: Any, column: int, indent: int) -> str:
    """Return the text of a value that begins in a column, on one line where it fits."""
    line = inline_text(value)
    opening, items, closing = _parts(value)
    if not items or column + len(line) < _WIDTH:  # and a comma
        return line
    inner = indent + _INDENT
    lines = [
        f'{" " * inner}{name}{_text(item, inner + len(name), inner)},\n' for name, item in items
    ]
    return f'{opening}\n{"".join(lines)}{" " * indent}{closing}'


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    """Split a container into its opening, its items with what stands before each, its closing."""
    if isinstance(value, Mapping) and _are_arguments(value):
        return 'dict(', [(f'{key}=', item) for key, item in value.items()], ')'
    if isinstance(value, Mapping):
        return '{', [(f'{key!r}: ', item) for key, item in value.items()], '}'
    if isinstance(value, (list, tuple)):
        opening, closing = '[]' if isinstance(value, list) else '()'
        return opening, [('', item) for item in value], closing
    return repr(value), [], ''


def _are_arguments(keys: Iterable) -> bool:
    return all(isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k) for k in keys)
