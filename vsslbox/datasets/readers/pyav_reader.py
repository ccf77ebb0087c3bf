"""Decoding by PyAV, exact on every file that FFmpeg reads."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.registry import TASK_UTILS

__all__ = ['PyAVReader']

# Containers that store presentation times, and codecs of which a packet is always one frame.
# AVI and MPEG-TS guess the times; VP8 and MPEG-4 have packets that show no frame, or two.
TIMED_FORMATS = {'matroska', 'mov'}
FRAME_A_PACKET_CODECS = {'av1', 'h264', 'hevc', 'mjpeg', 'vp9'}

# To skip no more frames than this, decoding on is cheaper: a seek drops what the decoder has begun.
SMALL_SKIP = 2


class FrameTimes(NamedTuple):
    """When the frames of a file are shown, in the units of its stream.

    Attributes:
        frames: The time of each frame, int64 ``[num_frames]``, ascending.
        keys: The times of the key frames, int64, ascending; the first isn't after any frame.
    """

    frames: np.ndarray
    keys: np.ndarray


class RecentlyUsed(OrderedDict):
    """Values by key, of which only those used last are kept."""

    def __init__(self, max_size: int) -> None:
        super().__init__()
        self.max_size = max_size

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made if it isn't there."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        if len(self) > self.max_size:
            self.popitem(last=False)
        return self[key]


# What earlier samples of this process found out about a file.
_TIMES = RecentlyUsed(1024)  # 8 bytes a frame
_COUNTS = RecentlyUsed(100_000)


@TASK_UTILS.register_module(name=['PyAVReader', 'pyav'])
class PyAVReader(BaseReader):
    """A video file read by PyAV, with one thread.

    Frame i is the i-th that comes out when the file is decoded from its beginning. To get there
    sooner, the times of all frames are taken from the packets' headers; a read seeks to the key
    frame before the wanted frame, decodes forward and converts only wanted frames. Each decoded
    frame is checked against its time. Where the times can't be relied on (AVI, MPEG-TS, ...) or
    turn out wrong, the file is decoded from its beginning, and ``num_frames`` is what really comes
    out.

    Frames come as they are coded: a rotation that the container asks for is not carried out. Of
    several video streams the first is read.

    Args:
        path: The file.

    Raises:
        VideoError: The file is missing, holds no video, or no frame of it can be decoded.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._reformatter = VideoReformatter()  # one for all frames: it keeps its tables
        self._container, self._stream = _open(path)
        self.fps = float(self._stream.average_rate or 0)
        try:
            status = os.stat(path)
            content = (path, status.st_mtime_ns, status.st_size)
            self._times = _TIMES.get_or_make(content, self._find_times)
            if self._times is not None:
                self.num_frames = len(self._times.frames)
            else:
                self.num_frames = _COUNTS.get_or_make(content, self._count_frames)
        except (av.FFmpegError, OSError, VideoError) as error:
            self.close()
            raise VideoError.of(path, error) from None

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames; see :meth:`BaseReader.read`."""
        images = None if self._times is None else self._read_by_time(indices)
        return self._read_in_order(indices) if images is None else images

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def _find_times(self) -> FrameTimes | None:
        """The times by the packets' headers; None where they can't be relied on."""
        if (
            TIMED_FORMATS.isdisjoint(self._container.format.name.split(','))
            or self._stream.codec.canonical_name not in FRAME_A_PACKET_CODECS
        ):
            return None
        shown, keys = [], []
        for packet in self._container.demux(self._stream):
            if packet.size == 0:  # marks the end
                continue
            if packet.is_keyframe:
                keys.append(packet.pts)
            if not packet.is_discard:  # what an edit list cuts off is decoded, but never shown
                shown.append(packet.pts)
        if not shown or not keys or None in shown or None in keys:
            return None
        times = FrameTimes(np.unique(shown), np.unique(keys))
        if len(times.frames) < len(shown) or times.keys[0] > times.frames[0]:
            return None
        return times

    def _count_frames(self) -> int:
        """How many frames come out before the end, or before the first that can't be decoded."""
        count = 0
        try:
            for _ in self._decode_in_order():
                count += 1
        except av.FFmpegError:
            if count == 0:
                raise
        if count == 0:
            raise VideoError(self.path, 'no frame of it can be decoded')
        return count

    def _read_by_time(self, indices: Sequence[int]) -> list[np.ndarray] | None:
        """Seek and decode; None where not every frame comes out at its time."""
        times, keys = self._times
        images: list[np.ndarray] = []
        decoded, position = None, -1  # position: of the frame that was decoded last
        try:
            for index in indices:
                key = keys[np.searchsorted(keys, times[index], side='right') - 1]
                start = int(np.searchsorted(times, key))
                if decoded is None or start - position > SMALL_SKIP:
                    decoded, position = self._decode_from(int(key)), start - 1
                while position < index:
                    position += 1
                    frame = next(decoded, None)
                    if frame is None or frame.pts != times[position]:
                        return None
                images.append(self._to_rgb(frame))
        except av.FFmpegError:
            return None
        return images

    def _decode_from(self, key: int) -> Iterator[VideoFrame]:
        """The frames from a key frame's time on; none where seeking lands behind it."""
        self._container.seek(key, stream=self._stream)
        packets = self._container.demux(self._stream)
        first = next(packets)
        if first.pts is None or first.pts > key:
            return
        for packet in chain([first], packets):
            for frame in packet.decode():
                # Frames shown before the key frame may refer to some that were not read.
                if frame.pts is None or frame.pts >= key:
                    yield frame

    def _read_in_order(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode from the beginning."""
        images: list[np.ndarray] = []
        decoded = enumerate(self._decode_in_order())
        for index in indices:
            try:
                frame = next((frame for number, frame in decoded if number == index), None)
            except av.FFmpegError as error:
                raise VideoError(
                    self.path,
                    f'decoding up to frame {index} of {self.num_frames}: {error.strerror}',
                ) from None
            if frame is None:
                raise VideoError(self.path, f'ends before frame {index} of {self.num_frames}')
            images.append(self._to_rgb(frame))
        return images

    def _decode_in_order(self) -> Iterator[VideoFrame]:
        """All frames, from a container of their own: not every format can go back to its start."""
        container, stream = _open(self.path)
        with container:
            yield from container.decode(stream)

    def _to_rgb(self, frame: VideoFrame) -> np.ndarray:
        return self._reformatter.reformat(frame, format='rgb24').to_ndarray()


def _open(path: str) -> tuple[InputContainer, VideoStream]:
    """The file and its first video stream, decoded in this thread: workers are parallel enough."""
    try:
        container = av.open(path, metadata_errors='ignore')
    except (av.FFmpegError, OSError) as error:
        raise VideoError.of(path, error) from None
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        container.close()
        raise VideoError(path, 'holds no video stream that FFmpeg can decode')
    stream.thread_type = 'NONE'
    stream.codec_context.thread_count = 1
    return container, stream
