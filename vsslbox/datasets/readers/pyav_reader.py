"""Decoding with PyAV, exact for every file that FFmpeg reads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from itertools import chain
from typing import Any, NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.limits import FRAME_PIXELS, refuse_irregular, refuse_large
from vsslbox.datasets.readers.video_source import VideoSource
from vsslbox.registry import TASK_UTILS

__all__ = ['PyAVReader', 'forget_files', 'open_stream']

# Containers that store presentation times, and codecs whose packets are always one frame each.
# AVI and MPEG-TS guess the times; VP8 and MPEG-4 have packets that show no frame, or two.
TIMED_FORMATS = {'matroska', 'mov'}
FRAME_A_PACKET_CODECS = {'av1', 'h264', 'hevc', 'mjpeg', 'vp9'}

# Options that keep FFmpeg from reading and decoding frames when it opens a file.
NO_PROBING = {'probesize': '32'}
NO_DECODING = {'skip_frame': 'all'}

# H.264 slices, whole or in partitions; their first byte tells whether other frames refer to them.
H264_SLICES = range(1, 6)


class FrameTimes(NamedTuple):
    """When the frames of a file are shown, in the units of its stream.

    Attributes:
        frames: The time of each frame, int64 ``[num_frames]``, ascending.
        keys: The times of the key frames, int64, ascending; the first is not after any frame.
        in_doubt: Whether frames are shown in the order in which they are decoded. This holds
            without B-frames, but also for a Matroska file made from an AVI file, whose times are
            decoding times.
    """

    frames: np.ndarray
    keys: np.ndarray
    in_doubt: bool


class RecentlyUsed(OrderedDict):
    """A cache that keeps the most recently used values."""

    def __init__(self, max_size: int) -> None:
        super().__init__()
        self.max_size = max_size

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value of a key, and make it if it is missing."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        if len(self) > self.max_size:
            self.popitem(last=False)
        return self[key]


# What this process knows of files that it has opened before.
_TIMES = RecentlyUsed(1024)  # 8 bytes a frame
_COUNTS = RecentlyUsed(100_000)


def forget_files() -> None:
    """Clear the caches, as if no file had been opened before."""
    _TIMES.clear()
    _COUNTS.clear()


@TASK_UTILS.register_module(name=['PyAVReader', 'pyav'])
class PyAVReader(BaseReader):
    """A video file read by PyAV, with one thread.

    Frame i is the i-th that the decoder returns when the file is decoded from its beginning. To get
    there faster, the times of all frames are taken from the packets' headers; a read seeks to the
    key frame before the wanted frame, decodes no further than needed and converts only wanted
    frames. H.264 frames to which no other refers are decoded only if wanted. If the times are not
    reliable (AVI, MPEG-TS, ...), the file is decoded from its beginning, and ``num_frames`` is the
    number of frames that are really decoded; the same happens if the times turn out to be wrong
    while reading.

    Frames are returned as they are coded, without the rotation that the container asks for. Of
    several video streams the first is read.

    Args:
        path: The file, or the name of the source in messages.
        source: The video, if it is no file of its own.

    Raises:
        VideoError: The file is missing, holds no video, or no frame of it can be decoded.
    """

    def __init__(self, path: str, source: VideoSource | None = None) -> None:
        self.path = path
        self._source = source
        content = _content(path, source)
        self._reformatter = VideoReformatter()  # one for all frames: it keeps its tables
        self._container, self._stream = _open_quickly(path, source)
        self._is_avc = _has_length_prefixes(self._stream)
        self.fps = float(self._stream.average_rate or 0)
        try:
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
        codec = self._stream.codec_context
        self._num_wanted = len(indices)
        refuse_large(self.path, codec.height, codec.width, self._num_wanted)
        images = None if self._times is None else self._read_by_time(indices)
        return self._read_in_order(indices) if images is None else images

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _find_times(self) -> FrameTimes | None:
        """Return the times in the packets' headers, or None if they are not reliable."""
        if (
            TIMED_FORMATS.isdisjoint(self._container.format.name.split(','))
            or self._stream.codec.canonical_name not in FRAME_A_PACKET_CODECS
        ):
            return None
        shown, keys = [], []  # in order of decoding
        for packet in self._container.demux(self._stream):
            if packet.size == 0:  # marks the end
                continue
            if packet.is_keyframe:
                keys.append(packet.pts)
            if not packet.is_discard:  # cut off by an edit list: decoded, but never shown
                shown.append(packet.pts)
        if not shown or not keys or None in shown or None in keys:
            return None
        in_order = np.asarray(shown, np.int64)
        in_doubt = bool((np.diff(in_order) > 0).all())
        times = FrameTimes(np.unique(in_order), np.unique(np.asarray(keys, np.int64)), in_doubt)
        if len(times.frames) < len(shown) or times.keys[0] > times.frames[0]:
            return None
        return times

    def _count_frames(self) -> int:
        """Count the frames before the end, or before the first that cannot be decoded."""
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
        """Seek and decode; return None if not every frame comes at its time."""
        images: list[np.ndarray] = []
        try:
            for key, wanted in self._runs(indices):
                images += self._read_run(key, wanted)
        except av.FFmpegError:
            return None
        return images if len(images) == len(indices) else None

    def _runs(self, indices: Sequence[int]) -> list[tuple[int, set[int]]]:
        """Return the times of wanted frames, by the key frames where decoding begins.

        A run continues over further key frames as long as no frame before them could be skipped.
        """
        runs: list[tuple[int, set[int]]] = []
        previous = None
        times, keys = self._times.frames, self._times.keys
        for index in indices:
            key = keys[np.searchsorted(keys, times[index], side='right') - 1]
            if previous is None or np.searchsorted(times, key) > previous + 1:
                runs.append((int(key), set()))
            runs[-1][1].add(int(times[index]))
            previous = index
        return runs

    def _read_run(self, key: int, wanted: set[int]) -> list[np.ndarray]:
        """Return the wanted frames of a run, in order; fewer if they do not come as expected."""
        images: list[np.ndarray] = []
        expected = iter(self._times.frames[np.searchsorted(self._times.frames, key) :])
        previous = key - 1
        for frame in self._decode_run(key, wanted):
            if frame.pts is not None and frame.pts < key:
                continue  # may refer to frames before the key frame, which were not decoded
            if (
                frame.pts is None
                or frame.pts <= previous
                or (self._times.in_doubt and frame.pts != next(expected, None))
            ):
                break
            previous = frame.pts
            if frame.pts in wanted:
                images.append(self._to_rgb(frame))
            if len(images) == len(wanted):
                break
        return images

    def _decode_run(self, key: int, wanted: set[int]) -> Iterator[VideoFrame]:
        """Decode from a key frame on; only what is needed, unless the times are in doubt."""
        self._container.seek(key, stream=self._stream)
        missing = set(wanted)
        with _packets(self._container, self._stream) as packets:
            first = next(packets)
            if first.pts is None or first.pts > key:  # the seek went too far
                return
            for packet in chain([first], packets):
                if self._times.in_doubt:
                    yield from packet.decode()
                elif packet.pts in wanted or not (self._is_avc and _is_unreferenced(packet)):
                    yield from packet.decode()
                    missing.discard(packet.pts)
                    if not missing:  # flush instead of feeding the decoder further
                        yield from self._stream.decode(None)
                        return

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
        """Yield all frames, from a new container: not every format can seek to its start."""
        container, stream = open_stream(self.path, self._source)
        with container, _packets(container, stream) as packets:
            for packet in packets:
                yield from packet.decode()

    def _to_rgb(self, frame: VideoFrame) -> np.ndarray:
        refuse_large(self.path, frame.height, frame.width, self._num_wanted)
        # More threads take longer to start than a frame takes to convert.
        return self._reformatter.reformat(frame, format='rgb24', threads=1).to_ndarray()


def _packets(
    container: InputContainer, stream: VideoStream
) -> AbstractContextManager[Iterator[Packet]]:
    """Return the packets of a stream.

    PyAV loses some memory with each such generator that is neither used up nor closed.
    """
    return closing(container.demux(stream))  # type: ignore[type-var]  # it is a generator


def _content(path: str, source: VideoSource | None) -> Hashable:
    """Return what tells the content of a file or source from any other."""
    if source is not None:
        return path, source.content
    status = refuse_irregular(path)
    return path, status.st_mtime_ns, status.st_size


def _open_quickly(path: str, source: VideoSource | None) -> tuple[InputContainer, VideoStream]:
    """Open a file without probing its frames, if its header tells all that is needed.

    FFmpeg would decode frames to find out what the header of an MP4 file says.
    """
    try:
        container, stream = open_stream(
            path, source, options=NO_PROBING, stream_options=[NO_DECODING]
        )
    except (ValueError, VideoError):  # some formats list their streams only while they are read
        return open_stream(path, source)
    if 'mov' in container.format.name.split(',') and stream.average_rate:
        return container, stream
    container.close()
    return open_stream(path, source)


def open_stream(
    path: str, source: VideoSource | None = None, **options: Any
) -> tuple[InputContainer, VideoStream]:
    """Open a file or source and its first video stream, for decoding in this thread."""
    if source is None:
        refuse_irregular(path)
    file = path if source is None else source.open()
    try:
        container = av.open(file, metadata_errors='ignore', **options)
    except (av.FFmpegError, OSError) as error:
        raise VideoError.of(path, error) from None
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        container.close()
        raise VideoError(path, 'holds no video stream that FFmpeg can decode')
    stream.thread_type = 'NONE'
    codec = stream.codec_context
    codec.thread_count = 1
    codec.options = {'max_pixels': str(FRAME_PIXELS.value)}  # the header may lie
    try:
        refuse_large(path, codec.height, codec.width)
    except VideoError:
        container.close()
        raise
    return container, stream


def _has_length_prefixes(stream: VideoStream) -> bool:
    """Return whether a stream is H.264 whose units have length prefixes of four bytes."""
    header = stream.codec_context.extradata or b''
    return (
        stream.codec.canonical_name == 'h264'
        and len(header) > 4
        and header[0] == 1
        and header[4] & 3 == 3
    )


def _is_unreferenced(packet: Packet) -> bool:
    """Return whether no other frame refers to that of an H.264 packet (``nal_ref_idc`` is 0)."""
    data = memoryview(packet)
    position, unreferenced = 0, False
    while position + 4 < len(data):
        header = data[position + 4]
        if header & 0b11111 in H264_SLICES:
            if header & 0b1100000:
                return False
            unreferenced = True
        position += 4 + int.from_bytes(data[position : position + 4], 'big')
    return unreferenced and position == len(data)
