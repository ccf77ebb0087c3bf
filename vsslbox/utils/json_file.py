"""JSON files that users give."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from vsslbox.errors import InputError

__all__ = ['read_json']

# Reading takes several times the memory of the file; the largest published list has 0.1 GiB.
MAX_BYTES = 2**30


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file, in which no key may be there twice.

    Python's own reader keeps the last of several values of a key, and loses the others.

    Raises:
        InputError: The file is not JSON, an object has a key twice, or it is too large or too deep.
    """
    path = Path(path)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError(f'{path} has {size} bytes, which are too many for a list in JSON')
    try:
        return json.loads(path.read_text('utf-8-sig'), object_pairs_hook=_object)
    except ValueError as error:
        raise InputError(f'{path} is not JSON: {str(error)[:500]}') from None
    except RecursionError:
        raise InputError(f'{path} is not a list in JSON: it is nested too deeply') from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        doubled = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f'an object has the key {doubled!r} twice; keep one')
    return values
