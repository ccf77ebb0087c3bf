"""Which training of a work directory a checkpoint belongs to.

A training that starts anew in the work directory of an earlier one leaves the checkpoints there as
they are. A file names the start that counts: checkpoints of others are not resumed by themselves.
"""

from os import PathLike
from pathlib import Path

__all__ = ['STARTED', 'mark_start', 'marked_start']

# Where a checkpoint says when its training started, before all resumptions: `meta[STARTED]`.
STARTED = 'started'

_FILE = 'training.started'


def mark_start(folder: str | PathLike, started: str | None) -> None:
    """Write into a work directory to which start the training belongs; None if that is unknown."""
    path = Path(folder) / _FILE
    if started is None:
        path.unlink(missing_ok=True)
    elif started != marked_start(folder):
        path.write_text(f'{started}\n', encoding='utf-8')


def marked_start(folder: str | PathLike) -> str | None:
    """Return the start that counts in a work directory, None if nothing says it."""
    try:
        return (Path(folder) / _FILE).read_text(encoding='utf-8').strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None
