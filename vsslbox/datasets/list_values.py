"""The values in a list of videos: integers, and names that are nearly equal."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from unicodedata import category, normalize

from mmengine.logging import print_log

from vsslbox.errors import InputError

__all__ = [
    'as_integer',
    'as_integers',
    'list_bytes',
    'near_values',
    'shown_columns',
    'tell_near_values',
    'warn_once',
]

MAX_BYTES = 4 * 2**30  # its rows take several times as much


def as_integer(text: str) -> int:
    """Convert a text that is spelt as the integer prints: neither ``007`` nor ``1_0``.

    Raises:
        ValueError: The text is spelt otherwise.
    """
    value = int(text)
    if str(value) != text:
        raise ValueError(f'{text!r} is not spelt as the integer {value}')
    return value


def as_integers(values: Sequence[str]) -> list[int] | list[str]:
    """Convert a column to integers if every value is one."""
    try:
        return [as_integer(value) for value in values]
    except ValueError:
        return list(values)


def list_bytes(path: Path) -> bytes:
    """Return the content of a list, which ten million rows do not make too large.

    Raises:
        InputError: It is too large to be one.
    """
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError(f'{path} has {size} bytes, which are too many for a list')
    return path.read_bytes()


def near_values(value: str, values: Iterable[str]) -> list[str]:
    """Return the other values that nearly equal one, sorted: see :func:`tell_near_values`."""
    return sorted(v for v in set(values) if v != value and _bare(v) == _bare(value))


def shown_columns(header: Sequence[str]) -> str:
    """Return the names of columns for a message, at most 20 of them."""
    return str([*header[:20], '...'][: len(header)])


def tell_near_values(values: Iterable[str], what: str) -> None:
    """Warn of distinct values that differ only by case, spaces or what nobody sees.

    That is the Unicode form of a letter with an accent, and characters without a width.
    """
    counts, groups = Counter(values), defaultdict(list)
    for value in sorted(counts):
        groups[_bare(value)].append(f'{value!a} ({counts[value]})')
    near = [' and '.join(group) for group in groups.values() if len(group) > 1]
    if near:
        shown = '; '.join([*near[:5], '...'][: len(near)])
        warn_once(
            f'{what} differ only by case, spaces or Unicode form, but count as different: {shown}'
        )


@cache
def warn_once(message: str) -> None:
    """Log a warning, once in a process."""
    print_log(message, 'current', logging.WARNING)


def _bare(value: str) -> str:
    if value.isascii():
        return ' '.join(value.split()).casefold()
    visible = ''.join(letter for letter in value if category(letter) != 'Cf')
    return ' '.join(normalize('NFKC', visible).split()).casefold()
