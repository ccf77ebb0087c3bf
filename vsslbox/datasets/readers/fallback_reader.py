"""Reading with the first reader that can."""

import inspect
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.limits import TooLargeError
from vsslbox.datasets.readers.video_source import VideoSource
from vsslbox.errors import InputError
from vsslbox.registry import TASK_UTILS

__all__ = ['FallbackReader']

_REPORTED: set[str] = set()  # files that were logged


class FallbackReader(BaseReader):
    """A video file read by the first of several readers that can read it.

    The next reader takes over when one cannot open the file, cannot decode a frame, or finds fewer
    frames than the one before it. This is logged once for each file.

    Args:
        path: The file, or the name of the source in messages.
        readers: Names of registered readers, the preferred one first.
        source: The video, if it is no file of its own.

    Raises:
        VideoError: No reader can open the file, and the message gives the reason of each; or the
            source cannot be read.
        ImportError: The package of the preferred reader is not installed.
        InputError: A reader reads files only.
    """

    def __init__(
        self, path: str, readers: Sequence[str], source: VideoSource | None = None
    ) -> None:
        self.path = path
        self._source = source
        self._left = list(readers)
        self._reasons: list[str] = []
        self._reader: BaseReader | None = None
        if source is not None:
            source.open().close()  # bytes that cannot be read are no matter of a decoder
        reader = self._open_next()
        self.num_frames = reader.num_frames
        self.fps = reader.fps

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames with the first reader that can; see :meth:`BaseReader.read`."""
        while True:
            reader = self._open_next() if self._reader is None else self._reader
            try:
                if indices[-1] >= reader.num_frames:
                    raise VideoError(
                        self.path, f'{reader.num_frames} frames, not {self.num_frames}'
                    )
                return reader.read(indices)
            except TooLargeError:
                raise
            except VideoError as error:
                self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()

    def _open_next(self) -> BaseReader:
        """Open the file with the next reader that can."""
        while self._left:
            self._name = self._left.pop(0)
            try:
                reader = self._reader = self._build(self._name)
            except TooLargeError:
                raise
            except VideoError as error:
                self._give_up(error)
                continue
            except ImportError as error:
                if not self._reasons:  # the preferred reader, which the user has to install
                    raise
                self._reasons.append(str(error))
                continue
            self._report()
            return reader
        raise VideoError(self.path, '; '.join(self._reasons))

    def _build(self, name: str) -> BaseReader:
        given: dict[str, Any] = dict(type=name, path=self.path)
        if self._source is not None:
            if 'source' not in inspect.signature(TASK_UTILS.get(name)).parameters:
                raise InputError(
                    f'the reader {name!r} reads files only, and {self.path} is none: its '
                    'constructor needs an argument `source`, a VideoSource'
                )
            given['source'] = self._source
        return TASK_UTILS.build(given)

    def _give_up(self, error: VideoError) -> None:
        self.close()
        self._reader = None
        self._reasons.append(f'{self._name}: {error.reason or error.path}')

    def _report(self) -> None:
        """Log, once for each file, that the preferred reader cannot read it."""
        if self._reasons and self.path not in _REPORTED:
            _REPORTED.add(self.path)
            reasons = '; '.join(self._reasons)
            message = f'{self.path} is read by {self._name} ({reasons})'
            print_log(message, 'current', logging.WARNING)
