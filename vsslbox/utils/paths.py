"""Files that get their name when they are complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ['temporary_path', 'whole_file']


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield the path beside a file where its new content is to be written.

    The file is overwritten when the content is complete and on the disk. After an error it is as
    before, and what was written is removed.
    """
    path = Path(path)
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        yield unfinished
        with open(unfinished, 'rb') as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def temporary_path(output: str) -> Path:
    """Return the hidden path beside a video or a folder where it is written until it is complete.

    The ending stays, since it tells the format.
    """
    path = Path(output)
    return path.with_name(f'.{path.stem}.unfinished{path.suffix}')
