"""Decoding by PyAV, exact on every file that FFmpeg reads."""

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.registry import TASK_UTILS

__all__ = ['PyAVReader']

# Containers whose presentation times can be relied on; of these FFmpeg gives one name for all.
TRUSTED_FORMATS = ('mov,mp4', 'matroska')


@dataclass(frozen=True)
class FrameIndex:
    """Where the frames of a file are.

    Args:
        times: Presentation times of all frames in order, in the stream's units; None where they
            can't be relied on.
        keys: The positions of key frames among them, ascending.
        num_frames: How many frames can be decoded.
    """

    times: np.ndarray | None
    keys: np.ndarray
    num_frames: int


class IndexCache:
    """The indices of the files that were read last, so that later epochs don't build them again."""

    def __init__(self, size: int = 4096) -> None:
        self.size = size
        self._entries: OrderedDict[tuple, FrameIndex] = OrderedDict()

    def get(self, path: str, build) -> FrameIndex:
        """The index of a file, built unless the same content was seen before."""
        status = os.stat(path)
        key = (path, status.st_mtime_ns, status.st_size)
        if key not in self._entries:
            self._entries[key] = build()
            if len(self._entries) > self.size:
                self._entries.popitem(last=False)
        return self._entries[key]


_INDICES = IndexCache()


@TASK_UTILS.register_module(name=['PyAVReader', 'pyav'])
class PyAVReader(BaseReader):
    """A video file read by PyAV.

    The packets' headers tell when each frame is shown. To read a frame, the reader seeks to the key
    frame before it and decodes forward; only frames that were asked for are converted to RGB. Where
    the presentation times can't be relied on (AVI, MPEG-TS, ...), or where a frame doesn't appear
    at its time, the file is decoded from its beginning.

    Frames come as they are coded: a rotation that a container asks for is not carried out. Of
    several video streams the first is read.

    Args:
        path: The file.

    Raises:
        VideoError: The file is missing, holds no video, or no frame of it can be decoded.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._container = _open(path)
        try:
            if not self._container.streams.video:
                raise VideoError(path, 'holds no video')
            self._stream = self._container.streams.video[0]
            self._stream.thread_type = 'NONE'  # a loader's workers are its parallelism
            self._reformatter = VideoReformatter()
            self._index = _INDICES.get(path, self._build_index)
        except (av.FFmpegError, VideoError) as error:
            self.close()
            raise VideoError.of(path, error) from None
        self.num_frames = self._index.num_frames
        self.fps = float(self._stream.average_rate or 0)

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames; see :meth:`BaseReader.read`."""
        try:
            if self._index.times is not None:
                found = self._read_by_time(list(indices))
                if found is not None:
                    return found
            return self._read_from_start(list(indices))
        except av.FFmpegError as error:
            raise VideoError.of(self.path, error) from None

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def _build_index(self) -> FrameIndex:
        packets = []
        if self._container.format.name.startswith(TRUSTED_FORMATS):
            packets = [p for p in self._container.demux(self._stream) if p.size]
            packets = [p for p in packets if not p.is_discard]
        times = np.array([p.pts for p in packets if p.pts is not None], dtype=np.int64)
        if len(times) and len(np.unique(times)) == len(packets):
            order = np.argsort(times)
            keys = np.array([packets[i].is_keyframe for i in order]).nonzero()[0]
            if len(keys):
                return FrameIndex(times[order], keys, len(times))
        num_frames = sum(1 for _ in self._frames_from_start())
        if not num_frames:
            raise VideoError(self.path, 'no frame of it can be decoded')
        return FrameIndex(None, np.array([0]), num_frames)

    def _read_by_time(self, indices: list[int]) -> list[np.ndarray] | None:
        """Seek and decode; None where frames don't appear at their times."""
        times, keys = self._index.times, self._index.keys
        wanted = dict.fromkeys(times[indices].tolist())
        position = None  # the key frame from which decoding goes on
        frames: Iterator[av.VideoFrame] = iter(())
        for index in indices:
            key = keys[max(np.searchsorted(keys, index, side='right') - 1, 0)]
            if position is None or key > position:
                self._container.seek(int(times[key]), stream=self._stream)
                frames = self._container.decode(self._stream)
                position = key
            target = times[index]
            for frame in frames:
                if frame.pts is None or frame.pts > target:
                    return None
                if frame.pts == target:
                    wanted[int(target)] = self._to_rgb(frame)
                    break
            else:
                return None
        return list(wanted.values())

    def _read_from_start(self, indices: list[int]) -> list[np.ndarray]:
        wanted = set(indices)
        images = []
        for index, frame in enumerate(self._frames_from_start()):
            if index in wanted:
                images.append(self._to_rgb(frame))
                if len(images) == len(wanted):
                    return images
        raise VideoError(self.path, f'frame {indices[len(images)]} can not be decoded')

    def _frames_from_start(self) -> Iterator[av.VideoFrame]:
        """All frames of the file, by a fresh container: some formats can't seek back."""
        with _open(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = 'NONE'
            yield from container.decode(stream)

    def _to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        return self._reformatter.reformat(frame, format='rgb24').to_ndarray()


def _open(path: str) -> av.container.InputContainer:
    try:
        return av.open(path, metadata_errors='ignore')
    except (av.FFmpegError, OSError) as error:
        raise VideoError.of(path, error) from None
