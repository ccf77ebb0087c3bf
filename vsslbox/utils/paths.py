"""Files and folders that get their name when they are complete."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ['restore_former', 'temporary_path', 'whole_file', 'whole_folder']


@contextmanager
def whole_file(path: str | os.PathLike, replaces_folder: bool = False) -> Iterator[Path]:
    """Yield the path beside a file where its new content is to be written.

    The file is overwritten when the content is complete and on the disk. After an error it is as
    before, and what was written is removed.

    Args:
        path: The file.
        replaces_folder: Whether it may take the place of a folder, with all that is in it.

    Raises:
        IsADirectoryError: There is a folder of that name.
    """
    path = Path(path)
    if path.is_dir() and not replaces_folder:
        raise IsADirectoryError(f'{path} is a folder: give the name of a file')
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        yield unfinished
        with open(unfinished, 'rb') as file:
            os.fsync(file.fileno())
        _give_name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield the path beside a folder where its new content is to be written.

    The folder is replaced when the content is complete; it is for the caller to bring the files to
    the disk. After an error it is as before, and what was written is removed.
    """
    path = Path(path)
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        yield unfinished
        _give_name(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def restore_former(folder: str | os.PathLike) -> None:
    """Finish the replacements in a folder within which a process was killed, and clean up."""
    for former in Path(folder).glob('*.former'):
        path = former.with_suffix('')
        if path.exists():
            _remove(former)
        else:
            os.replace(former, path)
    for unfinished in Path(folder).glob('*.unfinished'):
        _remove(unfinished)


def _give_name(unfinished: Path, path: Path) -> None:
    if not (path.is_dir() or (unfinished.is_dir() and path.exists())):
        os.replace(unfinished, path)
        return
    former = path.with_name(f'{path.name}.former')  # folders do not replace each other
    os.replace(path, former)
    os.replace(unfinished, path)
    _remove(former)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def temporary_path(output: str) -> Path:
    """Return the hidden path beside a video or a folder where it is written until it is complete.

    The ending stays, since it tells the format.
    """
    path = Path(output)
    return path.with_name(f'.{path.stem}.unfinished{path.suffix}')
