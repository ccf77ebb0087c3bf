"""Untrimmed videos, snippet by snippet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from vsslbox.datasets.readers import FallbackReader, VideoError
from vsslbox.datasets.transforms.augmenting.center_crop import CenterCrop
from vsslbox.datasets.transforms.augmenting.resize import Resize

__all__ = ['SnippetBatch', 'SnippetDataset']


class SnippetBatch(NamedTuple):
    """Consecutive snippets of a video.

    Attributes:
        video: The name of the video.
        num_frames: The frames of the video.
        num_snippets: The snippets of the whole video.
        clips: The snippets of this batch, uint8 ``[n, C, T, H, W]``; empty if the video cannot be
            read.
        error: Why it cannot be read, or ''.
    """

    video: str
    num_frames: int
    num_snippets: int
    clips: Tensor
    error: str


class SnippetDataset(IterableDataset):
    """One clip around the middle of every ``stride`` frames of untrimmed videos.

    The frames left over at the end, fewer than ``stride``, have no clip, so that the snippets cover
    what BMN's labels and proposals are relative to; mmaction2 adds another one if they are more
    than half. A video shorter than ``stride`` has one clip. Clips that begin before the video or
    end after it repeat its first or last frame.

    Videos are decoded batch by batch, so that hours of video need no more memory than seconds. The
    workers of a loader share the videos; the loader needs ``batch_size=None``.

    Source: the features of VCLR for BMN, and mmaction2's ``UntrimmedSampleFrames``.

    Args:
        videos: The path of each video by its name.
        stride: The distance between two snippets, in frames.
        clip_len: The frames of a clip, T.
        frame_interval: The distance between the frames of a clip.
        short_side: The shorter side of a resized frame, in pixels.
        crop: The side of the centre crop, in pixels.
        batch_size: The maximum number of snippets in a batch, which all come from one video.
        readers: The names of registered readers, the preferred one first.
    """

    def __init__(
        self,
        videos: Mapping[str, str],
        stride: int = 16,
        clip_len: int = 1,
        frame_interval: int = 1,
        short_side: int = 256,
        crop: int = 256,
        batch_size: int = 32,
        readers: Sequence[str] = ('pyav', 'decord'),
    ) -> None:
        self.videos = dict(videos)
        self.stride = stride
        self.offsets = (np.arange(clip_len) - clip_len // 2) * frame_interval
        self.transforms = [Resize(short_side=short_side), CenterCrop(crop)]
        self.batch_size = batch_size
        self.readers = list(readers)

    def __iter__(self) -> Iterator[SnippetBatch]:
        """Yield all snippets of the videos, or of this worker's share of them."""
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for video, path in list(self.videos.items())[first::step]:
            try:
                yield from self._read(video, path)
            except VideoError as error:
                nothing = torch.empty(0, dtype=torch.uint8)
                yield SnippetBatch(video, 0, 0, nothing, error.reason or str(error))

    def _read(self, video: str, path: str) -> Iterator[SnippetBatch]:
        reader = FallbackReader(path, self.readers)
        try:
            num_snippets = max(reader.num_frames // self.stride, 1)
            middles = np.arange(num_snippets) * self.stride + self.stride // 2
            indices = (middles[:, None] + self.offsets).clip(0, reader.num_frames - 1)
            for start in range(0, num_snippets, self.batch_size):
                clips = self._decode(reader, indices[start : start + self.batch_size])
                yield SnippetBatch(video, reader.num_frames, num_snippets, clips, '')
        finally:
            reader.close()

    def _decode(self, reader: FallbackReader, indices: np.ndarray) -> Tensor:
        """Return the clips ``[n, C, T, H, W]`` of frame indices ``[n, T]``."""
        needed, position = np.unique(indices, return_inverse=True)
        frames = reader.read(needed.tolist())
        for transform in self.transforms:
            frames = transform.apply(frames, {})
        clips = torch.from_numpy(np.stack(frames))[position.reshape(indices.shape)]
        return clips.permute(0, 4, 1, 2, 3)
