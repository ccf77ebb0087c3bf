"""Reading of a range of a video."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError

__all__ = ['FrameRangeReader']


class FrameRangeReader(BaseReader):
    """A range of the frames of an open video, presented as a whole video.

    Args:
        reader: The whole video.
        start: The first frame of the range, which becomes frame 0.
        end: The end of the range, exclusive.

    Raises:
        VideoError: The video has fewer frames than ``end``.
    """

    def __init__(self, reader: BaseReader, start: int, end: int) -> None:
        if end > reader.num_frames:
            raise VideoError(
                reader.path, f'has {reader.num_frames} frames, but {start} to {end} are needed'
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
        """Close the file."""
        self._reader.close()
