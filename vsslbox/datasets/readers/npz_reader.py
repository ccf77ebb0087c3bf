"""Reading of decoded frames from a NumPy file."""

import struct
from collections.abc import Sequence
from tokenize import TokenError
from zipfile import ZIP_STORED

import numpy as np
from numpy.lib import format as npy

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.limits import refuse_large
from vsslbox.datasets.readers.video_source import VideoSource
from vsslbox.datasets.readers.zip_files import BROKEN, open_zip
from vsslbox.registry import TASK_UTILS

__all__ = ['NpzReader']

_HEADER_BYTES = 30  # of a member of a zip file, before its name
_MAX_FPS_BYTES = 4096
# What NumPy raises on a header that is no dictionary of Python, beside ValueError.
_BAD_HEADER = (SyntaxError, TokenError, TypeError)


@TASK_UTILS.register_module(name=['NpzReader', 'npz'])
class NpzReader(BaseReader):
    """The decoded frames of a video in a file of NumPy, of which wanted ones alone are read.

    It is what ``numpy.savez(path, frames=frames, fps=fps)`` writes: ``frames`` in RGB, uint8
    ``[T, H, W, 3]``, and, if it is known, ``fps``. It is large and the fastest of all to read:
    store the frames at the size of training.

    Args:
        path: The file, or the name of the source in messages.
        source: The file, if it is no file of its own.

    Raises:
        VideoError: The file is missing, is no such file, is damaged or is compressed.
    """

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        self.path = path
        self._zip, self._file = open_zip(path, source)
        try:
            self._start, self._shape = self._find_frames()
            self.fps = self._read_fps()
        except VideoError:
            self.close()
            raise
        except (*BROKEN, *_BAD_HEADER) as error:
            self.close()
            raise VideoError(path, f'cannot be read as a NumPy file: {error}') from None
        self.num_frames = self._shape[0]

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Read frames; see :meth:`BaseReader.read`."""
        _, height, width, _ = self._shape
        refuse_large(self.path, height, width, len(indices))
        return [self._read_frame(index) for index in indices]

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def _find_frames(self) -> tuple[int, tuple[int, ...]]:
        """Return where the first frame begins in the file, and the shape of all."""
        if 'frames.npy' not in self._zip.namelist():
            raise VideoError(self.path, "holds no array 'frames'")
        entry = self._zip.getinfo('frames.npy')
        if entry.compress_type != ZIP_STORED:
            raise VideoError(self.path, 'is compressed: write it by numpy.savez')
        self._file.seek(entry.header_offset)
        # The name and the extra field have lengths of their own here.
        lengths = struct.unpack_from('<HH', self._file.read(_HEADER_BYTES), _HEADER_BYTES - 4)
        self._file.seek(entry.header_offset + _HEADER_BYTES + sum(lengths))
        version = npy.read_magic(self._file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read_header(self._file)
        start = self._file.tell()
        right = len(shape) == 4 and shape[3] == 3 and min(shape) > 0
        if not right or dtype != np.uint8 or is_fortran:
            order = ', in the order of Fortran' if is_fortran else ''
            raise VideoError(
                self.path, f'frames must be uint8 [T, H, W, 3], got {dtype} {list(shape)}{order}'
            )
        if start + int(np.prod(shape, dtype=object)) > self._file.most:
            raise VideoError(self.path, f'ends before its {shape[0]} frames do')
        return start, shape

    def _read_fps(self) -> float:
        """Return the frame rate, 0 if it is not told."""
        if 'fps.npy' not in self._zip.namelist():
            return 0.0
        entry = self._zip.getinfo('fps.npy')
        if entry.file_size > _MAX_FPS_BYTES:
            raise VideoError(self.path, 'fps must be one number')
        with self._zip.open(entry) as file:
            fps = npy.read_array(file, allow_pickle=False)
        if fps.size != 1 or fps.dtype.kind not in 'iuf' or not 0 <= fps.item() < np.inf:
            raise VideoError(self.path, f'fps must be a number of at least 0, got {fps}')
        return float(fps.item())

    def _read_frame(self, index: int) -> np.ndarray:
        frame = np.empty(self._shape[1:], np.uint8)
        left = frame.data.cast('B')
        self._file.seek(self._start + index * frame.nbytes)
        while left and (read := self._file.readinto(left)):
            left = left[read:]
        if left:
            raise VideoError(self.path, f'ends before frame {index} does')
        return frame
