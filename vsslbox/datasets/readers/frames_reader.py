"""Reading of a folder of extracted frames."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.images import read_image
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
        return [read_image(self.path, self._file(index), len(indices)) for index in indices]

    def close(self) -> None:
        """Nothing is open."""

    def _file(self, index: int) -> Path:
        return Path(self.path) / self.filename_tmpl.format(self.start_index + index)
