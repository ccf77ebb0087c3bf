"""Decoding with torchcodec."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.limits import refuse_irregular, refuse_large
from vsslbox.datasets.readers.video_source import VideoSource, file_of
from vsslbox.registry import TASK_UTILS

__all__ = ['TorchCodecReader']


@TASK_UTILS.register_module(name=['TorchCodecReader', 'torchcodec'])
class TorchCodecReader(BaseReader):
    """A video file read by torchcodec, with one thread and exact seeking.

    torchcodec needs the FFmpeg libraries of the system and a version that matches torch. It returns
    wrong frames, or none, for files with open groups of pictures, MPEG-TS, and AVI with B-frames;
    :class:`PyAVReader` has none of these faults and is faster. torchcodec makes its own choice
    among several video streams, and rotates videos that have a rotation tag.

    Args:
        path: The file, or the name of the source in messages.
        source: The video, if it is no file of its own.

    Raises:
        VideoError: The file cannot be opened.
        ImportError: torchcodec is not installed, or cannot load its libraries.
    """

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        try:
            from torchcodec.decoders import VideoDecoder
        except (ImportError, OSError, RuntimeError) as error:
            raise ImportError(
                'the reader `torchcodec` needs the package (pip install torchcodec, in a version '
                'for this torch) and the FFmpeg libraries (apt-get install ffmpeg): '
                f'{str(error).strip().partition(chr(10))[0]}'
            ) from error
        self.path = path
        if source is None:
            refuse_irregular(path)
        try:
            file: Any = file_of(path, source)  # torchcodec reads any file object
            # The other mode, 'approximate', leaks memory and is wrong at variable frame rates.
            self._decoder: Any = VideoDecoder(
                file, seek_mode='exact', num_ffmpeg_threads=1, dimension_order='NHWC'
            )
            self.num_frames = len(self._decoder)
            self.fps = float(self._decoder.metadata.average_fps or 0)
        except (RuntimeError, ValueError, OSError) as error:
            raise VideoError(path, _reason(error)) from None

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames; see :meth:`BaseReader.read`."""
        header = self._decoder.metadata
        refuse_large(self.path, header.height or 0, header.width or 0, len(indices))
        try:
            return list(self._decoder.get_frames_at(list(indices)).data.numpy())
        except (RuntimeError, IndexError) as error:
            raise VideoError(self.path, _reason(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._decoder = None


def _reason(error: Exception) -> str:
    """Return torchcodec's message without the name and line of its source file."""
    return str(error).partition('\n')[0].rpartition('.cpp:')[2].partition(', ')[2] or str(error)
