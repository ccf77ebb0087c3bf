"""Conditions that the rows of a table must meet."""

import math
import operator
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from vsslbox.errors import InputError

__all__ = ['Condition', 'parse_condition']

OPERATORS = {'>=': operator.ge, '<=': operator.le, '>': operator.gt, '<': operator.lt}
PATTERN = re.compile(r'\s*(\w+)\s*(>=|<=|>|<)\s*(\S+)\s*')


class Condition(NamedTuple):
    """A condition such as ``motion>0.01``.

    Attributes:
        column: The column.
        sign: One of ``OPERATORS``.
        bound: The number.
    """

    column: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f'{self.column}{self.sign}{self.bound:g}'

    def is_met(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row meets the condition; a row without a number does not.

        Raises:
            InputError: The row has no such column, or text in it.
        """
        if self.column not in row:
            raise InputError(f'{self}: there is no column {self.column!r}, only {sorted(row)}')
        value = row[self.column]
        try:
            number = math.nan if value in (None, '') else float(value)
        except ValueError:
            raise InputError(f'{self}: {value!r} in {self.column!r} is no number') from None
        return bool(OPERATORS[self.sign](number, self.bound))


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        InputError: The text is none.
    """
    found = PATTERN.fullmatch(text)
    try:
        return Condition(found[1], found[2], float(found[3]))
    except (TypeError, ValueError):
        raise InputError(
            f"a condition is COLUMN, one of > >= < <=, and a number, such as 'motion>0.01', got "
            f'{text!r}'
        ) from None
