"""Decoding with decord."""

import warnings
from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.limits import TooLargeError, refuse_irregular, refuse_large
from vsslbox.datasets.readers.pyav_reader import open_stream
from vsslbox.datasets.readers.video_source import VideoSource, file_of
from vsslbox.registry import TASK_UTILS

__all__ = ['DecordReader']

DOUBTFUL_ENDINGS = ('.avi', '.ts', '.mts', '.m2ts')


@TASK_UTILS.register_module(name=['DecordReader', 'decord'])
class DecordReader(BaseReader):
    """A video file read by decord, with one thread.

    decord 0.6.0 silently returns wrong frames for: MP4 with an edit list (as ``ffmpeg -ss -c copy``
    writes it), H.264 and HEVC with open groups of pictures, MPEG-TS, and AVI with B-frames or
    H.264, where it also counts one frame too many or returns other frames from run to run. It does
    not read AV1. :class:`PyAVReader` has none of these faults. decord makes its own choice among
    several video streams, and rotates videos that have a rotation tag.

    Args:
        path: The file, or the name of the source in messages.
        source: The video, if it is no file of its own.

    Raises:
        VideoError: The file cannot be opened.
        ImportError: decord is not installed.
    """

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        try:
            import decord
        except ImportError as error:
            raise ImportError(
                'the reader `decord` needs the package: pip install decord'
            ) from error
        if path.lower().endswith(DOUBTFUL_ENDINGS):
            warnings.warn(
                'decord returns wrong frames for many AVI and MPEG-TS files; the reader `pyav` is '
                'exact',
                stacklevel=2,
            )
        self.path = path
        if source is None:
            refuse_irregular(path)
        self._height, self._width = _size_in_header(path, source)
        try:
            file = file_of(path, source)
            self._reader = decord.VideoReader(file, num_threads=1)
            self.num_frames = len(self._reader)
            self.fps = float(self._reader.get_avg_fps())
        except (decord.DECORDError, RuntimeError, OSError) as error:
            raise VideoError(path, _reason(error)) from None

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames; see :meth:`BaseReader.read`."""
        import decord

        refuse_large(self.path, self._height, self._width, len(indices))
        try:
            return list(self._reader.get_batch(list(indices)).asnumpy())
        except (decord.DECORDError, RuntimeError, IndexError) as error:
            raise VideoError(self.path, _reason(error)) from None

    def close(self) -> None:
        """Close the file: an open reader holds about 50 MB."""
        self._reader = None


def _size_in_header(path: str, source: VideoSource | None) -> tuple[int, int]:
    """Return the height and width of frames as FFmpeg finds them; decord decodes to tell.

    If FFmpeg cannot open the file, both are 0.
    """
    try:
        container, stream = open_stream(path, source)
    except TooLargeError:
        raise
    except VideoError:
        return 0, 0
    with container:
        return stream.codec_context.height, stream.codec_context.width


def _reason(error: Exception) -> str:
    """Return decord's message without its time stamp, source line and stack trace."""
    return str(error).partition('\n')[0].rpartition('Check failed: ')[2]
