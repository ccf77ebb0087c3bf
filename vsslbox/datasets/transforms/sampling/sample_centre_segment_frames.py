"""The sampling of TSN and TSM for tests."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleCentreSegmentFrames']


@TRANSFORMS.register_module()
class SampleCentreSegmentFrames(BaseSampler):
    """The middle frame of each of N equal segments of the video: one view, ``frames``.

    A video of fewer than N frames repeats some.

    Source: Wang et al., "Temporal Segment Networks", arXiv:1608.00859; rounding as in mmaction2.

    Args:
        num_segments: N.
    """

    def __init__(self, num_segments: int = 8) -> None:
        check_counts(num_segments=num_segments)
        self.num_segments = num_segments

    def transform(self, results: dict) -> dict:
        """Add the view ``frames``."""
        length = results['total_frames'] / self.num_segments
        middles = np.arange(self.num_segments) * length + length / 2
        results['views'] = [View('frames', middles.astype(np.int64))]
        return results
