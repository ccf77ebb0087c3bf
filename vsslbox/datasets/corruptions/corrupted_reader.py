"""Reading of a video that is corrupted."""

from collections.abc import Iterator, Sequence

import numpy as np

from vsslbox.datasets.corruptions.kinds import CORRUPTIONS
from vsslbox.datasets.readers.base_reader import BaseReader
from vsslbox.utils import text_seed

__all__ = ['CorruptedReader']

GAP = 32  # frames between two that are read, from which on they are coded apart


class CorruptedReader(BaseReader):
    """An open video whose frames are corrupted as they are read, before they are resized.

    A corruption draws by the key and the number of the frame alone. Codecs see the frames from the
    first that is read to the last, without gaps; where more than 32 frames are not asked for, the
    next ones are coded on their own.

    Args:
        reader: The video.
        kind: One of ``CORRUPTIONS``.
        severity: 1 to 5.
        key: What the draws depend on.
    """

    def __init__(self, reader: BaseReader, kind: str, severity: int, key: str) -> None:
        self.path, self.num_frames, self.fps = reader.path, reader.num_frames, reader.fps
        self._reader = reader
        self._corruption = CORRUPTIONS[kind]
        self._level = self._corruption.levels[severity - 1]
        self._seed = text_seed(key)

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode and corrupt frames; see :meth:`BaseReader.read`."""
        return getattr(self, f'_read_{self._corruption.of}')(list(indices))

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _read_frames(self, indices: list[int]) -> list[np.ndarray]:
        frames = zip(indices, self._reader.read(indices), strict=True)
        function = self._corruption.function
        return [
            function(frame, self._level, self._rng(), self._rng(index)) for index, frame in frames
        ]

    def _read_times(self, indices: list[int]) -> list[np.ndarray]:
        shown = self._corruption.function(np.array(indices), self._level).tolist()
        kept = sorted(set(shown))
        frames = dict(zip(kept, self._reader.read(kept), strict=True))
        return [frames[index] for index in shown]

    def _read_clips(self, indices: list[int]) -> list[np.ndarray]:
        found = []
        for run in _runs(indices):
            frames = self._reader.read(range(run[0], run[-1] + 1))
            coded = self._corruption.function(frames, self._level, self._rng(run[0]))
            found += [coded[index - run[0]] for index in run]
        return found

    def _rng(self, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, *numbers))


def _runs(indices: list[int]) -> Iterator[list[int]]:
    """Yield sorted numbers in runs between which there are gaps."""
    start = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or indices[end] - indices[end - 1] > GAP:
            yield indices[start:end]
            start = end
