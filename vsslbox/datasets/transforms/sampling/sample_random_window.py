"""The sampling of VDIM's fine-tuning."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomWindow']


@TRANSFORMS.register_module()
class SampleRandomWindow(BaseTransform):
    """A window of the video, parted into K clips of consecutive frames: one view each.

    The window lies anywhere in the video; a video shorter than it repeats its last frame.

    Source: VDIM, fine-tuning: K = 4 views of 32 frames at the offsets 0, 32, 64
    and 96 of a window, without down-sampling; 2 for HMDB51.

    Args:
        num_views: K.
        clip_len: The frames of a view, T.
    """

    def __init__(self, num_views: int = 4, clip_len: int = 32) -> None:
        if min(num_views, clip_len) < 1:
            raise InputError(
                f'num_views and clip_len must be at least 1, got {num_views} and {clip_len}'
            )
        self.num_views = num_views
        self.clip_len = clip_len

    def transform(self, results: dict) -> dict:
        """Add the views ``window<start>_view0``, ``window<start>_view1``, ..."""
        total_frames = results['total_frames']
        start = int(results['rng'].integers(self.last_start(total_frames) + 1))
        results['views'] = self.views_of(start, total_frames)
        return results

    def last_start(self, total_frames: int) -> int:
        """Where the last window begins."""
        return max(total_frames - self.num_views * self.clip_len, 0)

    def views_of(self, start: int, total_frames: int) -> list[View]:
        """The views of the window that begins at a frame."""
        frames = start + np.arange(self.num_views * self.clip_len)
        clips = np.minimum(frames, total_frames - 1).reshape(self.num_views, self.clip_len)
        return [View(f'window{start}_view{k}', clip) for k, clip in enumerate(clips)]

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_views={self.num_views}, clip_len={self.clip_len})'
