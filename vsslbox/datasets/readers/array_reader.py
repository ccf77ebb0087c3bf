"""Frames that are in memory."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader
from vsslbox.errors import InputError, InputTypeError

__all__ = ['ArrayReader']


class ArrayReader(BaseReader):
    """The frames of an array.

    Args:
        frames: RGB, uint8 ``[T, H, W, 3]``.
        path: The name of the array in messages.
        fps: Frames per second; 0 if unknown.

    Raises:
        InputTypeError: It is no array of uint8.
        InputError: It has another shape, or no frames.
    """

    def __init__(self, frames: np.ndarray, path: str = 'array', fps: float = 0) -> None:
        if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8:
            got = getattr(frames, 'dtype', type(frames).__name__)
            raise InputTypeError(f'{path}: frames must be a NumPy array of uint8, got {got}')
        if frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
            raise InputError(
                f'{path}: frames must be RGB of shape [T, H, W, 3], got {list(frames.shape)}'
            )
        self.path = path
        self.frames = frames
        self.num_frames = len(frames)
        self.fps = fps

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return frames; see :meth:`BaseReader.read`."""
        return [np.ascontiguousarray(self.frames[index]) for index in indices]

    def close(self) -> None:
        """Nothing is open."""
