"""Reading of an image as a video."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader
from vsslbox.datasets.readers.images import decode_image, read_image, refuse_bytes
from vsslbox.datasets.readers.video_source import VideoSource
from vsslbox.registry import TASK_UTILS

__all__ = ['ImageReader']


@TASK_UTILS.register_module(name=['ImageReader', 'image'])
class ImageReader(BaseReader):
    """An image file as a video of one frame, which samplers that start over repeat.

    Args:
        path: The file, or the name of the source in messages.
        source: The video, if it is no file of its own.
    """

    num_frames = 1
    fps = 0.0

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        self.path = path
        self._source = source

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read the image; see :meth:`BaseReader.read`."""
        return [self._image()] * len(indices)

    def close(self) -> None:
        """Nothing is open."""

    def _image(self) -> np.ndarray:
        if self._source is None:
            return read_image(self.path, Path(self.path))
        refuse_bytes(self.path, 'image', self._source.size)
        with self._source.open() as file:
            return decode_image(self.path, 'image', file.read())
