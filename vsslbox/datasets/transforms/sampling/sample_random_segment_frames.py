"""The sampling of TSN and TSM for training."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomSegmentFrames']


@TRANSFORMS.register_module()
class SampleRandomSegmentFrames(BaseSampler):
    """One random frame from each of N equal segments of the video: one view, ``frames``.

    Segments have a whole number of frames, so that fewer than N frames at the end are never seen.
    A video of fewer than N frames gives the frames nearest to the starts of the segments.

    Source: Wang et al., "Temporal Segment Networks", arXiv:1608.00859; rounding as in mmaction2.

    Args:
        num_segments: N.
    """

    def __init__(self, num_segments: int = 8) -> None:
        check_counts(num_segments=num_segments)
        self.num_segments = num_segments

    def transform(self, results: dict) -> dict:
        """Add the view ``frames``."""
        total_frames, rng = results['total_frames'], results['rng']
        segments = np.arange(self.num_segments)
        length = total_frames // self.num_segments
        if length:
            indices = segments * length + rng.integers(length, size=self.num_segments)
        else:
            starts = segments * (total_frames / self.num_segments)
            # mmaction2, too, may round up to the number of frames, and then takes the first frame.
            indices = starts.round().astype(np.int64) % total_frames
        results['views'] = [View('frames', indices)]
        return results
