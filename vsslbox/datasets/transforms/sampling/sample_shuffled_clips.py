"""The sampling of video clip order prediction."""

from itertools import permutations

import numpy as np

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleShuffledClips']


@TRANSFORMS.register_module()
class SampleShuffledClips(BaseSampler):
    """Successive clips of a video in a random order: the views ``clip0``, ``clip1``, ...

    The clips lie a fixed gap apart in a window that starts anywhere. Each order is equally likely;
    the target ``pretext_label`` is its number among all orders, in lexicographic order.

    Source: Xu et al., "Self-Supervised Spatiotemporal Learning via Video Clip Order Prediction",
    section 3.1. As in the authors' lists, videos shorter than the window are left out.

    Args:
        num_clips: The number of clips, 2 to 6.
        clip_len: The frames of a clip, T.
        gap: The frames between two clips.
        frame_interval: The distance between the frames of a clip.
    """

    def __init__(
        self, num_clips: int = 3, clip_len: int = 16, gap: int = 8, frame_interval: int = 1
    ) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        if not 2 <= num_clips <= 6:
            raise InputError(f'num_clips must be from 2 to 6 (720 orders), got {num_clips}')
        if gap < 0:
            raise InputError(f'gap must be at least 0, got {gap}')
        self.num_clips = num_clips
        self.clip_len = clip_len
        self.gap = gap
        self.frame_interval = frame_interval
        self._orders = list(permutations(range(num_clips)))

    def transform(self, results: dict) -> dict:
        """Add the views and the target.

        Raises:
            VideoError: The video is shorter than the window.
        """
        rng, total_frames = results['rng'], results['total_frames']
        span = (self.clip_len - 1) * self.frame_interval + 1
        window = self.num_clips * span + (self.num_clips - 1) * self.gap
        if total_frames < window:
            raise VideoError(
                results.get('filename') or results['frame_dir'],
                f'{total_frames} frames, but {self.num_clips} clips with gaps need {window}',
            )
        start = rng.integers(total_frames - window + 1)
        label = int(rng.integers(len(self._orders)))
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [
            View(f'clip{place}', start + clip * (span + self.gap) + offsets)
            for place, clip in enumerate(self._orders[label])
        ]
        results.setdefault('targets', {})['pretext_label'] = label
        return results
