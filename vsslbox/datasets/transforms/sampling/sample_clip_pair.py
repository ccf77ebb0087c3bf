"""The sampling of CoCLR."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleClipPair']


@TRANSFORMS.register_module()
class SampleClipPair(BaseSampler):
    """Two clips that start anywhere in the video, or one clip twice: the views ``query``, ``key``.

    A video shorter than a clip starts over at its end.

    Source: the code of Han et al., "Self-supervised Co-training for Video Representation Learning".

    Args:
        clip_len: The frames of a clip, T.
        frame_interval: The distance between its frames.
        same_prob: The probability of one clip twice.
    """

    def __init__(self, clip_len: int = 32, frame_interval: int = 1, same_prob: float = 0.5) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        if not 0 <= same_prob <= 1:
            raise InputError(f'same_prob of SampleClipPair must be within [0, 1], got {same_prob}')
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.same_prob = same_prob

    def transform(self, results: dict) -> dict:
        """Add the views."""
        rng, total_frames = results['rng'], results['total_frames']
        span = (self.clip_len - 1) * self.frame_interval
        query, key = rng.integers(max(total_frames - span, 1), size=2)
        if rng.random() < self.same_prob:
            key = query
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [
            View(name, (start + offsets) % total_frames)
            for name, start in (('query', query), ('key', key))
        ]
        return results
