"""Reading of an image as a video."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader
from vsslbox.datasets.readers.images import read_image
from vsslbox.registry import TASK_UTILS

__all__ = ['ImageReader']


@TASK_UTILS.register_module(name=['ImageReader', 'image'])
class ImageReader(BaseReader):
    """An image file as a video of one frame, which samplers that start over repeat.

    Args:
        path: The file.
    """

    num_frames = 1
    fps = 0.0

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read the image; see :meth:`BaseReader.read`."""
        return [read_image(self.path, Path(self.path))] * len(indices)

    def close(self) -> None:
        """Nothing is open."""
