"""Reading of extracted frames from a zip file."""

import re
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.registry import TASK_UTILS

__all__ = ['ZipReader']

IMAGE_ENDINGS = {'.jpeg', '.jpg', '.png', '.webp'}


@TASK_UTILS.register_module(name=['ZipReader', 'zip'])
class ZipReader(BaseReader):
    """A zip file of images, one for each frame.

    The images may have any names and lie in folders. They are sorted by name, numbers by value:
    ``2.jpg`` comes before ``10.jpg``. Other entries and hidden files are ignored. Only wanted
    images are read. One file for each video suits storage on which many small files are slow; pack
    without compression (``zip -0``).

    Args:
        path: The zip file.

    Raises:
        VideoError: The file is missing, is not a zip file or holds no images.
    """

    fps = 0.0

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, OSError) as error:
            raise VideoError.of(path, error) from None
        self._names = sorted(filter(_is_image, self._zip.namelist()), key=_natural_order)
        self.num_frames = len(self._names)
        if self.num_frames == 0:
            self.close()
            raise VideoError(path, f'holds no images ({", ".join(sorted(IMAGE_ENDINGS))})')

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read images; see :meth:`BaseReader.read`."""
        return [self._read_image(self._names[index]) for index in indices]

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _read_image(self, name: str) -> np.ndarray:
        try:
            content = self._zip.read(name)
        # RuntimeError: encrypted; its subclass NotImplementedError: unknown compression.
        except (BadZipFile, EOFError, OSError, RuntimeError, zlib.error) as error:
            raise VideoError(self.path, f'image {name} cannot be read: {error}') from None
        image = None
        if content:  # OpenCV raises on empty input
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise VideoError(self.path, f'image {name} cannot be decoded')
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in IMAGE_ENDINGS and path.name[0] != '.'


def _natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a sort key of alternating text and numbers; the name breaks ties such as 1 and 01."""
    parts = re.split('([0-9]+)', name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name
