"""One reader after the other, until one can."""

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.registry import TASK_UTILS

__all__ = ['FallbackReader']

_REPORTED: set[str] = set()  # files of which the log tells already


class FallbackReader(BaseReader):
    """A video file read by the first of several readers that can read it.

    A reader is given up when it can't open the file, can't decode a frame, or finds fewer frames
    than the one before it. The log tells once a file.

    Args:
        path: The file.
        readers: Names of registered readers, the preferred one first.

    Raises:
        VideoError: None of them can open the file; tells each one's reason.
        ImportError: The preferred reader's package isn't installed.
    """

    def __init__(self, path: str, readers: Sequence[str]) -> None:
        self.path = path
        self._left = list(readers)
        self._reasons: list[str] = []
        self._reader: BaseReader | None = None
        self._open_next()
        self.num_frames = self._reader.num_frames
        self.fps = self._reader.fps

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames by the first reader that can; see :meth:`BaseReader.read`."""
        while True:
            try:
                if indices[-1] >= self._reader.num_frames:
                    raise VideoError(
                        self.path, f'{self._reader.num_frames} frames, not {self.num_frames}'
                    )
                return self._reader.read(indices)
            except VideoError as error:
                self._give_up(error)
                self._open_next()

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()

    def _open_next(self) -> None:
        """Open the file by the next reader that can."""
        while self._left:
            self._name = self._left.pop(0)
            try:
                self._reader = TASK_UTILS.build(dict(type=self._name, path=self.path))
            except VideoError as error:
                self._give_up(error)
                continue
            except ImportError as error:
                if not self._reasons:  # the preferred reader: the user has to install it
                    raise
                self._reasons.append(str(error))
                continue
            self._report()
            return
        raise VideoError(self.path, '; '.join(self._reasons))

    def _give_up(self, error: VideoError) -> None:
        self.close()
        self._reader = None
        self._reasons.append(f'{self._name}: {error.reason or error.path}')

    def _report(self) -> None:
        """Log, once a file, that it isn't read by the preferred reader."""
        if self._reasons and self.path not in _REPORTED:
            _REPORTED.add(self.path)
            reasons = '; '.join(self._reasons)
            message = f'{self.path} is read by {self._name} ({reasons})'
            print_log(message, 'current', logging.WARNING)
