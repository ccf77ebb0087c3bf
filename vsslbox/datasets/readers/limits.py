"""What readers refuse before they open a file or allocate memory for it.

Each limit has a default that ordinary videos do not reach and an environment variable that changes
it.
"""

import os
import stat

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.errors import InputError

__all__ = ['Limit', 'TooLargeError', 'refuse_irregular', 'refuse_large']


class TooLargeError(VideoError):
    """A video whose frames exceed a limit; no other reader is tried.

    The path is empty where a transform, which does not know it, refuses to scale frames.
    """


class Limit:
    """A number that an environment variable changes.

    Args:
        variable: The name of the variable.
        default: The value without it.
    """

    def __init__(self, variable: str, default: int) -> None:
        self.variable = variable
        self.default = default

    @property
    def value(self) -> int:
        """The limit that holds now."""
        text = os.environ.get(self.variable, str(self.default))
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
            raise InputError(f'{self.variable} must be a positive integer, got {text!r}')
        return int(text)


FRAME_PIXELS = Limit('VSSLBOX_MAX_FRAME_PIXELS', 16384 * 16384)
VIDEO_BYTES = Limit('VSSLBOX_MAX_VIDEO_BYTES', 4 * 2**30)  # of decoded frames, in one read
FILE_SECONDS = Limit('VSSLBOX_MAX_FILE_SECONDS', 240)  # two fit in NCCL's 10 minutes

_KINDS = {
    stat.S_IFBLK: 'a block device',
    stat.S_IFCHR: 'a character device',
    stat.S_IFDIR: 'a folder',
    stat.S_IFIFO: 'a named pipe',
    stat.S_IFSOCK: 'a socket',
}


def refuse_irregular(path: str) -> os.stat_result:
    """Return the status of a regular file or of one that a link leads to.

    Raises:
        VideoError: There is no such file, or it is a folder, pipe, socket or device, on which a
            reader could wait for ever.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise VideoError.of(path, error) from None
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), 'something else')
        raise VideoError(path, f'is {kind}, not a regular file')
    return status


def refuse_large(path: str, height: int, width: int, num_frames: int = 1) -> None:
    """Refuse frames whose decoding would need too much memory.

    Raises:
        TooLargeError: A frame has more pixels, or all ``num_frames`` have more bytes, than allowed.
    """
    if height * width > FRAME_PIXELS.value:
        raise TooLargeError(
            path,
            f'frames of {width} x {height} pixels are larger than {FRAME_PIXELS.value} pixels; '
            f'{FRAME_PIXELS.variable} raises this limit',
        )
    if 3 * height * width * num_frames > VIDEO_BYTES.value:
        raise TooLargeError(
            path,
            f'{num_frames} frames of {width} x {height} pixels need more than {VIDEO_BYTES.value} '
            f'bytes; {VIDEO_BYTES.variable} raises this limit',
        )
