"""Reading of an image as a video."""

from collections.abc import Sequence

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
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
        image = cv2.imread(self.path, cv2.IMREAD_COLOR)
        if image is None:
            raise VideoError(self.path, 'image is missing or cannot be read')
        return [cv2.cvtColor(image, cv2.COLOR_BGR2RGB)] * len(indices)

    def close(self) -> None:
        """Nothing is open."""
