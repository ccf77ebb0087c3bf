"""What differs between two configs."""

from collections.abc import Iterator, Mapping
from typing import Any

from vsslbox.utils import inline_text

__all__ = ['config_difference']

_ABSENT = object()
# The keys whose named steps run in their order.
_STEPS = ('pipeline', 'transforms')


def config_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the places in which two configs differ, a line each: ``place: old -> new``.

    Dicts are compared key by key, and lists of dicts item by item. The order of the keys counts in
    a pipeline alone.

    Args:
        first: The old values.
        second: The new values.
    """
    return list(_dict_difference(first, second, ''))


def _difference(first: Any, second: Any, place: str) -> Iterator[str]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        yield from _order_difference(first, second, place)
        yield from _dict_difference(first, second, f'{place}.')
    elif _is_list_of_dicts(first) and _is_list_of_dicts(second):
        for index in range(max(len(first), len(second))):
            items = (seq[index] if index < len(seq) else _ABSENT for seq in (first, second))
            yield from _difference(*items, f'{place}[{index}]')
    elif first != second:
        yield f'{place}: {_shown(first)} -> {_shown(second)}'


def _dict_difference(
    first: Mapping[str, Any], second: Mapping[str, Any], prefix: str
) -> Iterator[str]:
    for key in {**first, **second}:
        yield from _difference(first.get(key, _ABSENT), second.get(key, _ABSENT), f'{prefix}{key}')


def _order_difference(
    first: Mapping[str, Any], second: Mapping[str, Any], place: str
) -> Iterator[str]:
    """Compare the order of the steps that both pipelines have."""
    if place.endswith(_STEPS):
        orders = [[n for n in steps if n in first and n in second] for steps in (first, second)]
        if orders[0] != orders[1]:
            yield f'{place}: order {" -> ".join(", ".join(names) for names in orders)}'


def _is_list_of_dicts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _shown(value: Any) -> str:
    return 'absent' if value is _ABSENT else inline_text(value)
