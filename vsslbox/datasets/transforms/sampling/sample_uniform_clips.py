"""The sampling of CVRL's evaluation."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleUniformClips']


@TRANSFORMS.register_module()
class SampleUniformClips(BaseSampler):
    """Several clips whose starts are spread evenly over the video: one view for each clip.

    A video shorter than a clip starts over at its end.

    Source: the evaluation of CVRL, starts at ``linspace(0, num_frames - clip_len * interval, n)``,
    rounded down.

    Args:
        num_clips: The number of clips, n.
        clip_len: The frames of a clip, T.
        frame_interval: The distance between the frames of a clip.
    """

    def __init__(self, num_clips: int = 10, clip_len: int = 16, frame_interval: int = 1) -> None:
        check_counts(num_clips=num_clips, clip_len=clip_len, frame_interval=frame_interval)
        self.num_clips = num_clips
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the views ``clip0``, ``clip1``, ..."""
        total_frames = results['total_frames']
        last_start = max(0, total_frames - self.clip_len * self.frame_interval)
        starts = np.linspace(0, last_start, self.num_clips).astype(np.int64)
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [
            View(f'clip{i}', (start + offsets) % total_frames) for i, start in enumerate(starts)
        ]
        return results
