"""Names of files: while they are being written, and for the terminal."""

import os
from pathlib import Path

__all__ = ['printable', 'temporary_path']


def temporary_path(output: str) -> Path:
    """Return where an output is written until it is whole: beside it, hidden, always the same."""
    path = Path(output)
    return path.with_name(f'.{path.stem}.unfinished{path.suffix}')


def printable(path: str) -> str:
    """Return a path whose bytes that are not text are replaced."""
    return os.fsencode(path).decode(errors='replace')
