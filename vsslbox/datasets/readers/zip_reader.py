"""Reading of extracted frames from a zip file."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.images import decode_image, refuse_bytes
from vsslbox.datasets.readers.video_source import VideoSource
from vsslbox.datasets.readers.zip_files import BROKEN, open_zip
from vsslbox.registry import TASK_UTILS

__all__ = ['ZipReader']

IMAGE_ENDINGS = {'.jpeg', '.jpg', '.png', '.webp'}


@TASK_UTILS.register_module(name=['ZipReader', 'zip'])
class ZipReader(BaseReader):
    """A zip file of images, one for each frame.

    The images may have any names and lie in folders. They are sorted by name, numbers by value:
    ``2.jpg`` comes before ``10.jpg``. Other entries and hidden files are ignored. Only wanted
    images are read. One file for each video suits storage on which many small files are slow; pack
    without compression (``zip -0``). Of the kinds of compression only the usual one, deflate, is
    read: the others cannot be unpacked within a limit of memory.

    Args:
        path: The zip file, or the name of the source in messages.
        source: The zip file, if it is no file of its own.

    Raises:
        VideoError: The file is missing, is not a zip file, is damaged or holds no images.
    """

    fps = 0.0

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        self.path = path
        self._zip, self._file = open_zip(path, source)
        self._names = sorted(filter(_is_image, self._zip.namelist()), key=_natural_order)
        self.num_frames = len(self._names)
        if self.num_frames == 0:
            self.close()
            raise VideoError(path, f'holds no images ({", ".join(sorted(IMAGE_ENDINGS))})')

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read images; see :meth:`BaseReader.read`."""
        return [
            decode_image(self.path, f'image {name}', self._unpack(name), len(indices))
            for name in (self._names[index] for index in indices)
        ]

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def _unpack(self, name: str) -> bytes:
        """Return the content of an image's file."""
        entry = self._zip.getinfo(name)
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise VideoError(
                self.path, f'image {name} is compressed by method {entry.compress_type}: use zip -0'
            )
        refuse_bytes(self.path, f'image {name}', entry.file_size)
        try:
            with self._zip.open(entry) as file:
                return file.read(entry.file_size)  # a limit for inflating, whatever is packed
        except BROKEN as error:
            raise VideoError(self.path, f'image {name} cannot be read: {error}') from None


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in IMAGE_ENDINGS and path.name[0] != '.'


def _natural_order(name: str) -> tuple[list[str | tuple[int, str]], str]:
    """Return a sort key of alternating text and numbers; the name breaks ties such as 1 and 01.

    A number is its length and digits: Python converts no more than 4300 digits.
    """
    parts = re.split('([0-9]+)', name)
    return [_number(part) if place % 2 else part for place, part in enumerate(parts)], name


def _number(digits: str) -> tuple[int, str]:
    digits = digits.lstrip('0')
    return len(digits), digits
