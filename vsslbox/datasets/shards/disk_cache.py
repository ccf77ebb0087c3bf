"""Contents that were fetched, kept on disk within a bound."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vsslbox.datasets.list_values import warn_once
from vsslbox.datasets.readers import FileRange
from vsslbox.errors import InputError
from vsslbox.utils import byte_size

__all__ = ['DiskCache']

_KEPT = 0.9  # of the bound, when the cache is cleared
_ABANDONED = 3600  # seconds after which an unfinished file counts as left by a killed process


class DiskCache:
    """A folder of contents by their hash, shared by all processes that use it.

    A content appears under its name when it is complete. When the bound is reached, the contents
    that were not used for longest go. A content that a process has open stays readable for it.

    Args:
        folder: The folder, on a local disk.
        size: The bound, such as ``'50GB'``.

    Raises:
        InputError: The size is not one, or the folder cannot be made.
    """

    def __init__(self, folder: str, size: str | int) -> None:
        self.folder = Path(folder)
        self.size = byte_size(size, '`cache.size`')
        self._counted = False  # whether this process has counted what is in the folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f'`cache.folder` {folder} cannot be made: {error.strerror}') from None

    def open(self, content: bytes, size: int, name: str) -> FileRange | None:
        """Open a content that is in the cache, and note that it is used; None if it cannot be read.

        Args:
            content: Its hash.
            size: The number of its bytes.
            name: The name of the file in messages.
        """
        try:
            file = FileRange(self._path(content), 0, size, name)
        except OSError:
            return None
        if os.fstat(file.fileno()).st_size != size:
            file.close()
            return None
        with suppress(OSError):  # a file of another user
            os.utime(file.fileno())
        return file

    def add(self, content: bytes, data: bytes) -> None:
        """Write a content, and remove others if the bound is reached.

        One that is larger than the bound is not written. A disk that is full is told in a warning.
        """
        if len(data) > self.size:
            warn_once(f'{self.folder} holds {self.size} bytes: larger videos are not kept there')
            return
        path = self._path(content)
        unfinished = path.with_name(f'{path.name}.{os.getpid()}.unfinished')
        try:
            path.parent.mkdir(exist_ok=True)
            with self._total() as total:
                self._make_room(total, len(data))
            with open(unfinished, 'wb') as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            warn_once(f'{self.folder} cannot keep videos: {error.strerror}; training goes on')

    def _path(self, content: bytes) -> Path:
        name = content.hex()
        return self.folder / name[:2] / name

    @contextmanager
    def _total(self) -> Iterator[list[int]]:
        """Hold the lock of the folder, and yield a list of the bytes that it is said to hold."""
        with open(self.folder / 'bytes', 'a+') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            total = [int(text)] if text.isdigit() else [self.size]
            try:
                yield total
            finally:
                file.truncate(0)
                file.write(str(total[0]))

    def _make_room(self, total: list[int], size: int) -> None:
        """Count a new content of a size, and remove others until it has room."""
        total[0] += size
        if self._counted and total[0] <= self.size:
            return
        self._counted = True  # killed processes may have left a wrong count
        found = sorted(self._files())
        total[0] = size + sum(size for _, size, _ in found)
        if total[0] <= self.size:
            return
        for _, other, path in found:
            path.unlink(missing_ok=True)
            total[0] -= other
            if total[0] <= _KEPT * self.size:
                return

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each content was last used, its size and its path."""
        for path in self.folder.glob('??/*'):
            with suppress(FileNotFoundError):  # another process has just renamed it
                status = path.stat()
                if path.suffix != '.unfinished':
                    yield status.st_mtime, status.st_size, path
                elif time.time() - status.st_mtime > _ABANDONED:
                    path.unlink()
