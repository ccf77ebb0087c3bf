"""One clip from anywhere in a video, as VIE samples."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomClip']


@TRANSFORMS.register_module()
class SampleRandomClip(BaseTransform):
    """One view, ``clip``, that starts anywhere; a video shorter than a clip starts over at its end.

    Source: VIE, section 4: a single frame (1), 16 consecutive frames (16 x 1), 4 frames 16 apart
    (4 x 16), 16 frames 4 apart (16 x 4).

    Args:
        clip_len: The frames of the clip, T.
        frame_interval: The distance of its frames.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 1) -> None:
        if min(clip_len, frame_interval) < 1:
            raise InputError(
                f'clip_len and frame_interval must be at least 1, got {clip_len} and '
                f'{frame_interval}'
            )
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the view ``clip``."""
        total_frames = results['total_frames']
        span = (self.clip_len - 1) * self.frame_interval
        start = results['rng'].integers(max(total_frames - span, 1))
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [View('clip', (start + offsets) % total_frames)]
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(clip_len={self.clip_len}, frame_interval={self.frame_interval})'
        )
