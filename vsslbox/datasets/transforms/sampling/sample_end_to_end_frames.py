"""Frames spread evenly over a video."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleEndToEndFrames']


@TRANSFORMS.register_module()
class SampleEndToEndFrames(BaseTransform):
    """One view of frames spread evenly from the first to the last; short videos repeat frames.

    Source: the evaluation of VCLR, 30 frames a video at the rounded points of
    ``linspace(1, num_frames, 30)``.

    Args:
        num_frames: The number of frames, T.
    """

    def __init__(self, num_frames: int = 30) -> None:
        self.num_frames = num_frames

    def transform(self, results: dict) -> dict:
        """Add the view ``frames``."""
        # Counted from 1 as in the source: halves round to even, so the base matters.
        points = np.linspace(1, results['total_frames'], self.num_frames)
        results['views'] = [View('frames', points.round().astype(np.int64) - 1)]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_frames={self.num_frames})'
