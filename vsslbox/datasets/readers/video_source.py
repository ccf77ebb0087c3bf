"""Videos that are no files of their own."""

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from vsslbox.utils import is_utf8

__all__ = ['FileRange', 'SourceFile', 'VideoSource', 'file_of']

SourceFile = io.RawIOBase | io.BytesIO
"""An open file of the bytes of a video."""


class VideoSource(ABC):
    """The bytes of a video that is no file of its own, such as a member of a shard.

    Attributes:
        size: The number of bytes.
        content: What tells these bytes from any others, such as their hash.
    """

    size: int
    content: Hashable

    @abstractmethod
    def open(self) -> SourceFile:
        """Return a new file of the bytes that can seek, whose ``name`` ends as the video's does.

        Raises:
            VideoError: The bytes cannot be read.
        """


def file_of(path: str, source: VideoSource | None) -> str | SourceFile:
    """Return what a decoder opens that takes the name of a file in UTF-8 alone.

    Args:
        path: The file.
        source: The video, if it is no file of its own.

    Raises:
        VideoError: The bytes of the source cannot be read.
        OSError: A file whose name is not UTF-8 cannot be read.
    """
    if source is not None:
        return source.open()
    return path if is_utf8(path) else io.BytesIO(Path(path).read_bytes())


class FileRange(io.RawIOBase):
    """A range of a file as a file of its own.

    Args:
        path: The file.
        offset: Where the range begins.
        size: Its length in bytes.
        name: The name of the range, by whose ending a decoder may tell the format.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike, offset: int, size: int, name: str) -> None:
        self._file = -1
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._offset = offset
        self._size = size
        self._place = 0
        self.name = name

    def fileno(self) -> int:
        """Return the descriptor of the whole file."""
        return self._file

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes at the current place, none beyond the range."""
        left = max(0, self._size - self._place)
        place = self._offset + self._place
        read = os.preadv(self._file, [memoryview(buffer)[:left]], place) if left else 0
        self._place += read
        return read

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, relative to the start of the range, the current place or the end.

        As in a file in memory, a place before the start is the start: FFmpeg asks for the last byte
        of an empty file.
        """
        self._place = max(0, offset + (0, self._place, self._size)[whence])
        return self._place

    def tell(self) -> int:
        """Return the current place."""
        return self._place

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)
        super().close()
