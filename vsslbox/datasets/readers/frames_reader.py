"""Reading of a folder of extracted frames."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.registry import TASK_UTILS

__all__ = ['FramesReader']


@TASK_UTILS.register_module(name=['FramesReader', 'frames'])
class FramesReader(BaseReader):
    """A folder of images, one for each frame.

    Args:
        path: The folder.
        num_frames: The number of frames.
        filename_tmpl: The name of an image, with a placeholder for its number.
        start_index: The number of the first frame.
    """

    fps = 0.0

    def __init__(
        self,
        path: str,
        num_frames: int,
        filename_tmpl: str = 'img_{:05}.jpg',
        start_index: int = 1,
    ) -> None:
        if num_frames < 1:
            raise VideoError(path, 'holds no frames')
        self.path = path
        self.num_frames = num_frames
        self.filename_tmpl = filename_tmpl
        self.start_index = start_index

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read images; see :meth:`BaseReader.read`."""
        return [self._read_image(index) for index in indices]

    def close(self) -> None:
        """Nothing is open."""

    def _read_image(self, index: int) -> np.ndarray:
        path = Path(self.path) / self.filename_tmpl.format(self.start_index + index)
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise VideoError(self.path, f'image {path.name} is missing or cannot be read')
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
