"""What a leaderboard found, as a file that joins it with other leaderboards."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_text
from vsslbox.utils import read_json

__all__ = ['read_results', 'write_results']

FORMAT = 2  # 1: `svm` by another protocol
FIELDS = ('format', 'data', 'labels', 'group', 'protocols', 'versions', 'entries')
DIGITS = {'0': 0.0, '1': 1.0, '-': None}  # of a query: wrong, right, not counted


def write_results(path: Path, contents: Mapping[str, Any]) -> None:
    """Write the entries of a leaderboard with the outcome of every query.

    Args:
        path: The file.
        contents: ``data``, what all entries have in common; ``labels``; ``group``; ``protocols``;
            ``versions``; and ``entries``, for each ``name``, ``kind``, ``network``, ``runs`` and
            ``taps`` as in :class:`EvaluatedEntry`.
    """
    entries = [
        dict(entry, taps=[_changed(tap, _packed) for tap in entry['taps']])
        for entry in contents['entries']
    ]
    text = json.dumps(
        dict(contents, format=FORMAT, entries=entries), allow_nan=False, separators=(',', ':')
    )
    write_text(path, [text])


def read_results(path: str | Path) -> dict[str, Any]:
    """Return what :func:`write_results` wrote.

    Raises:
        InputError: The file is missing, or is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f'there is no file {path}: give the results.json of a leaderboard')
    found = read_json(path)
    if not isinstance(found, dict) or any(name not in found for name in FIELDS):
        raise InputError(f'{path} has no results of a leaderboard: give its results.json')
    if found['format'] != FORMAT:
        raise InputError(
            f'{path} has the format {found["format"]}, and this vsslbox reads {FORMAT}: measure '
            'the checkpoints again'
        )
    for entry in found['entries']:
        entry['taps'] = [_changed(tap, _unpacked) for tap in entry['taps']]
    return found


def _changed(tap: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Return a tap with other forms of the outcomes of each figure."""
    outcomes = {name: change(own) for name, own in tap['outcomes'].items()}
    return dict(tap, outcomes=outcomes)


def _packed(outcomes: Sequence[float | None]) -> str | Sequence[float | None]:
    """Return a character a query if no query is partly right."""
    letters = {value: letter for letter, value in DIGITS.items()}
    if all(own in letters for own in outcomes):
        return ''.join(letters[own] for own in outcomes)
    return outcomes


def _unpacked(outcomes: str | Sequence[float | None]) -> Sequence[float | None]:
    return [DIGITS[letter] for letter in outcomes] if isinstance(outcomes, str) else outcomes
