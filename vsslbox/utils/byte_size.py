"""Sizes in bytes as people write them."""

import re

from vsslbox.errors import InputError

__all__ = ['byte_size']

_STEPS = {'': 0, 'K': 1, 'M': 2, 'G': 3, 'T': 4}


def byte_size(given: str | int, what: str = 'a size') -> int:
    """Return the bytes of a size such as ``'50GB'`` (1000 to a step), ``'1 GiB'`` (1024) or 4096.

    Args:
        given: The size.
        what: What it is the size of, for messages.

    Raises:
        InputError: It is not written so, or is not positive.
    """
    found = re.fullmatch(r'(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?))?B?', str(given), re.IGNORECASE)
    size = 0
    if found:
        number, unit, binary = found.groups(default='')
        size = int(float(number) * (1024 if binary else 1000) ** _STEPS[unit.upper()])
    if size <= 0:
        raise InputError(f"{what} must be a size such as '50GB' or '512MiB', got {given!r}")
    return size
