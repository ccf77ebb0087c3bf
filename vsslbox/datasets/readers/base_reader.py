"""The interface of the decoders."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from vsslbox.errors import VSSLBoxError

__all__ = ['BaseReader', 'VideoError']


class VideoError(VSSLBoxError):
    """A video that cannot be read, or not to the wanted frame.

    Args:
        path: The file or folder.
        reason: What is wrong with it, in a few words. Without it the first argument is the whole
            message: torch rebuilds errors from a loader's worker in this way.
    """

    def __init__(self, path: str, reason: str = '') -> None:
        super().__init__(path, reason)  # both in args, so that it can be pickled
        self.path = path
        self.reason = reason

    @classmethod
    def of(cls, path: str, error: Exception) -> 'VideoError':
        """Return the error of a library as a VideoError."""
        if isinstance(error, cls):
            return error
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        return cls(path, reason)

    def __str__(self) -> str:
        return f'{self.path}: {self.reason}' if self.reason else self.path


class BaseReader(ABC):
    """An open video (a file, or a folder of frames).

    Opening raises :class:`VideoError` if nothing can be read. A reader serves one sample and is
    closed after it; it is never shared or kept.

    Attributes:
        path: The file or folder.
        num_frames: The number of frames that can be decoded.
        fps: Frames per second, on average; 0 if the source does not say.
    """

    path: str
    num_frames: int
    fps: float

    @abstractmethod
    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames.

        Args:
            indices: Sorted, without repeats, each in ``[0, num_frames)``.

        Returns:
            One RGB image for each frame, uint8 ``[H, W, 3]``.

        Raises:
            VideoError: A frame cannot be decoded.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file."""
