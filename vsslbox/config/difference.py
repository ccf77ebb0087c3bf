"""What differs between two configs."""

from collections.abc import Iterator, Mapping
from typing import Any

from vsslbox.config.check import STEPS
from vsslbox.utils import inline_text

__all__ = ['config_difference']

_ABSENT = object()


def config_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the places in which two configs differ, a line each: ``place: old -> new``.

    Dicts are compared key by key, and lists of dicts item by item. The order of the keys counts in
    a pipeline alone.

    Args:
        first: The old values.
        second: The new values.
    """
    return [line.removeprefix('.') for line in _difference(first, second, '')]


def _difference(first: Any, second: Any, place: str) -> Iterator[str]:
    parts, others = _parts(first), _parts(second)
    if parts is None or others is None or isinstance(first, list) != isinstance(second, list):
        if first != second:
            yield f'{place}: {_shown(first)} -> {_shown(second)}'
        return
    if place.endswith(STEPS):  # they run in the order of their names
        common = parts.keys() & others.keys()
        orders = [', '.join(n[1:] for n in names if n in common) for names in (parts, others)]
        if orders[0] != orders[1]:
            yield f'{place}: order {" -> ".join(orders)}'
    for name in {**parts, **others}:
        yield from _difference(parts.get(name, _ABSENT), others.get(name, _ABSENT), place + name)


def _parts(value: Any) -> dict[str, Any] | None:
    """Return the values in a dict or a list of dicts, by how their places continue."""
    if isinstance(value, Mapping):
        return {f'.{key}': item for key, item in value.items()}
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return {f'[{index}]': item for index, item in enumerate(value)}
    return None


def _shown(value: Any) -> str:
    return 'absent' if value is _ABSENT else inline_text(value)
