"""Opening of zip files, which may be broken or hostile."""

import io
import struct
import zlib
from zipfile import BadZipFile, ZipFile

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.readers.limits import refuse_irregular
from vsslbox.datasets.readers.video_source import SourceFile, VideoSource

__all__ = ['BROKEN', 'BoundedFile', 'open_zip']

_MAX_CONTENTS = 64 * 2**20  # bytes of the table of contents, which lists half a million images

# What Python's zipfile raises on broken files: RuntimeError if encrypted, its subclass
# NotImplementedError on unknown versions, ValueError on names that are not UTF-8 and offsets.
BROKEN = (
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class BoundedFile:
    """A file that refuses reads of more than ``most`` bytes before it makes room for them."""

    most = _MAX_CONTENTS

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self.seekable, self.readinto = file.seekable, file.readinto

    def read(self, size: int = -1) -> bytes:
        """Read bytes."""
        if size > self.most:
            raise BadZipFile(f'its headers announce {size} bytes, more than {self.most}')
        return self._file.read(size)


def open_zip(path: str, source: VideoSource | None) -> tuple[ZipFile, BoundedFile]:
    """Open a zip file, and return it with the file that it reads from, which is to be closed too.

    Args:
        path: The zip file, or the name of the source in messages.
        source: The zip file, if it is no file of its own.

    Raises:
        VideoError: The file is missing, is not a zip file or is damaged.
    """
    size = refuse_irregular(path).st_size if source is None else source.size
    try:
        file = BoundedFile(io.FileIO(path) if source is None else source.open())
    except OSError as error:
        raise VideoError.of(path, error) from None
    try:
        opened = ZipFile(file)
    except BROKEN as error:
        file.close()
        raise VideoError.of(path, error) from None
    file.most = size
    return opened, file
