"""All frames of a video file in order, for tools that make new files from them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.readers.pyav_reader import open_stream
from vsslbox.errors import InputError

__all__ = ['VideoFrames', 'fit_size', 'frames_at_rate', 'quarter_turns', 'turn_yuv']

DEFAULT_RATE = Fraction(25)  # if a file does not tell


class VideoFrames(AbstractContextManager):
    """The frames of a file's first video stream, in order, as :class:`PyAVReader` counts them.

    Args:
        path: The file.

    Attributes:
        rate: Frames per second, on average.
        pixel_shape: The width of a displayed pixel divided by its height; None if unknown.

    Raises:
        VideoError: The file cannot be opened or holds no video; while iterating: a frame cannot be
            decoded, or there is none.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._container, stream = open_stream(path)
        self._stream = stream
        self.rate = Fraction(stream.average_rate or stream.guessed_rate or DEFAULT_RATE)
        self.pixel_shape = stream.sample_aspect_ratio

    def __exit__(self, *error) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        count = 0
        try:
            for frame in self._container.decode(self._stream):
                yield frame
                count += 1
        except av.FFmpegError as error:
            raise VideoError(self.path, f'after {count} frames: {error.strerror}') from None
        if count == 0:
            raise VideoError(self.path, 'no frame can be decoded')

    def timed(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield each frame with its time in seconds from the first."""
        time, first = Fraction(-1) / self.rate, None
        for frame in self:
            # The times in AVI files are guesses, and out of order with B-frames.
            if frame.pts is None or self._container.format.name == 'avi':
                time += 1 / self.rate
            else:
                shown = frame.pts * frame.time_base
                first = shown if first is None else first
                time = max(time, shown - first)
            yield time, frame


def frames_at_rate(video: VideoFrames, fps: Fraction | None) -> Iterator[VideoFrame]:
    """Yield the frames of a video at a constant rate: at each point in time the nearest one.

    Args:
        video: The video.
        fps: Frames per second; None for all frames as they are.
    """
    if fps is None:
        yield from video
        return
    count, before = 0, None
    for time, frame in video.timed():
        while before is not None and count / fps < (before[0] + time) / 2:
            yield before[1]
            count += 1
        before = time, frame
    while count / fps < before[0] + 1 / video.rate:
        yield before[1]
        count += 1


def quarter_turns(frame: VideoFrame) -> int:
    """Return the number of counterclockwise quarter turns that make a frame upright.

    Raises:
        InputError: The container asks for another angle.
    """
    turns, rest = divmod(frame.rotation, 90)
    if rest:
        raise InputError(f'rotated by {frame.rotation} degrees, which is not a multiple of 90')
    return turns % 4


def turn_yuv(frame: VideoFrame, turns: int) -> VideoFrame:
    """Turn a yuv420p frame with even sides counterclockwise by quarter turns."""
    height, width = frame.height, frame.width
    planes = np.split(frame.to_ndarray().reshape(-1), [height * width, height * width * 5 // 4])
    shapes = (height, width), (height // 2, width // 2), (height // 2, width // 2)
    turned = [np.rot90(plane.reshape(shape), turns) for plane, shape in zip(planes, shapes)]
    flat = np.concatenate([plane.reshape(-1) for plane in turned])
    return VideoFrame.from_ndarray(flat.reshape(-1, turned[0].shape[1]), format='yuv420p')


def fit_size(width: int, height: int, short_side: int | None, step: int) -> tuple[int, int]:
    """Return a size of the same aspect ratio with a given shorter side, never larger than before.

    Args:
        width: Pixels.
        height: Pixels.
        short_side: Pixels of the shorter side; None to keep it.
        step: Both sides become multiples of this number.
    """
    scale = 1 if short_side is None else min(1, Fraction(short_side, min(width, height)))
    return tuple(
        max(step, min(round(side * scale / step) * step, side // step * step))
        for side in (width, height)
    )
