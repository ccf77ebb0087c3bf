"""The sampling of VDIM's fine-tuning."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomWindow']


@TRANSFORMS.register_module()
class SampleRandomWindow(BaseSampler):
    """One window of K consecutive clips that starts anywhere: one view for each clip.

    A video shorter than the window repeats its last frame.

    Source: VDIM, fine-tuning: K = 4 views of 32 frames at the offsets 0, 32, 64
    and 96 of a window, without down-sampling; 2 for HMDB51.

    Args:
        num_views: K.
        clip_len: The frames of a view, T.
        down_sampling: d: a window keeps only every d-th frame, so that its views follow each other
            at offsets d times as large. 1 to 4 in the paper's section 4.1.
    """

    def __init__(self, num_views: int = 4, clip_len: int = 32, down_sampling: int = 1) -> None:
        check_counts(num_views=num_views, clip_len=clip_len, down_sampling=down_sampling)
        self.num_views = num_views
        self.clip_len = clip_len
        self.down_sampling = down_sampling

    def transform(self, results: dict) -> dict:
        """Add the views ``window<start>_view0``, ``window<start>_view1``, ..."""
        total_frames = results['total_frames']
        start = int(results['rng'].integers(self.last_start(total_frames) + 1))
        results['views'] = self.views_of(start, total_frames)
        return results

    def last_start(self, total_frames: int) -> int:
        """Return where the last window begins."""
        last_offset = (self.num_views * self.clip_len - 1) * self.down_sampling
        return max(total_frames - 1 - last_offset, 0)

    def views_of(self, start: int, total_frames: int) -> list[View]:
        """Return the views of the window that begins at a frame."""
        frames = start + self.down_sampling * np.arange(self.num_views * self.clip_len)
        clips = np.minimum(frames, total_frames - 1).reshape(self.num_views, self.clip_len)
        return [View(f'window{start}_view{k}', clip) for k, clip in enumerate(clips)]
