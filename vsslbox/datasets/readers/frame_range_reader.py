"""A part of a video as if it were all of it."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError

__all__ = ['FrameRangeReader']


class FrameRangeReader(BaseReader):
    """The frames of an open video from ``start`` up to ``end``, counted from 0.

    Args:
        reader: The whole video.
        start: The first frame.
        end: The frame after the last.

    Raises:
        VideoError: The video ends before that.
    """

    def __init__(self, reader: BaseReader, start: int, end: int) -> None:
        if end > reader.num_frames:
            raise VideoError(
                reader.path, f'has {reader.num_frames} frames, but {start} to {end} are asked for'
            )
        self.path = reader.path
        self.fps = reader.fps
        self.num_frames = end - start
        self._reader = reader
        self._start = start

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames; see :meth:`BaseReader.read`."""
        return self._reader.read([self._start + index for index in indices])

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
