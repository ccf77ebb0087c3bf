"""The sampling of VCLR's evaluation."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleEndToEndFrames']


@TRANSFORMS.register_module()
class SampleEndToEndFrames(BaseSampler):
    """Frames spread evenly from the first to the last, both included: one view, ``frames``.

    A video of fewer frames repeats some.

    Source: the evaluation of VCLR, 30 frames a video at the rounded points of
    ``linspace(1, num_frames, 30)``.

    Args:
        num_frames: The number of frames, T.
    """

    def __init__(self, num_frames: int = 30) -> None:
        check_counts(num_frames=num_frames)
        self.num_frames = num_frames

    def transform(self, results: dict) -> dict:
        """Add the view ``frames``."""
        # Counted from 1 as in the source: halves round to even, so the base matters.
        points = np.linspace(1, results['total_frames'], self.num_frames)
        results['views'] = [View('frames', points.round().astype(np.int64) - 1)]
        return results
