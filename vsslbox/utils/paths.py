"""Paths: of unfinished files, and for printing."""

import os
from pathlib import Path

__all__ = ['move_into_place', 'printable', 'temporary_path']


def temporary_path(output: str) -> Path:
    """Return the hidden path beside an output where it is written until it is complete."""
    path = Path(output)
    return path.with_name(f'.{path.stem}.unfinished{path.suffix}')


def move_into_place(unfinished: str | os.PathLike, path: str | os.PathLike) -> None:
    """Rename a file, in the same folder, once its content is on the disk."""
    with open(unfinished, 'rb') as file:
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def printable(path: str) -> str:
    """Return a path with replacements for bytes that are not text."""
    return os.fsencode(path).decode(errors='replace')
