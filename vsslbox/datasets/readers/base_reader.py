"""What every decoder offers to the pipeline."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from vsslbox.errors import VSSLBoxError

__all__ = ['BaseReader', 'VideoError']


class VideoError(VSSLBoxError):
    """A video that can't be read, or not as far as asked for.

    Args:
        path: The file or folder.
        reason: What is wrong with it, in a few words. Without it the first argument is the whole
            message: so torch rebuilds errors that come from a loader's worker.
    """

    def __init__(self, path: str, reason: str = '') -> None:
        super().__init__(path, reason)  # both in args, so that it can be pickled
        self.path = path
        self.reason = reason

    @classmethod
    def of(cls, path: str, error: Exception) -> 'VideoError':
        """The error of a library as one of ours."""
        if isinstance(error, cls):
            return error
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        return cls(path, reason)

    def __str__(self) -> str:
        return f'{self.path}: {self.reason}' if self.reason else self.path


class BaseReader(ABC):
    """An open video (a file, or a folder of frames).

    Opening raises :class:`VideoError` where nothing can be read. A reader is used for one sample
    and closed after it; it is never shared or kept.

    Attributes:
        path: The file or folder.
        num_frames: How many frames can be decoded.
        fps: Frames per second, on average; 0 where the source doesn't say.
    """

    path: str
    num_frames: int
    fps: float

    @abstractmethod
    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode some frames.

        Args:
            indices: Sorted, without repeats, each in ``[0, num_frames)``.

        Returns:
            One RGB image a frame, uint8 ``[H, W, 3]``.

        Raises:
            VideoError: A frame could not be decoded.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""
