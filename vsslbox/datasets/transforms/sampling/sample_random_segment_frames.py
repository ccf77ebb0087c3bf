"""The sampling of TSN and TSM for training."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomSegmentFrames']


@TRANSFORMS.register_module()
class SampleRandomSegmentFrames(BaseTransform):
    """One view of N frames, a random one from each of N equal parts of the video.

    The parts have a whole number of frames, so that fewer than N frames at the end are never seen.
    A video of fewer than N frames gives the frames nearest to the starts of the parts.

    Source: Wang et al., "Temporal Segment Networks", arXiv:1608.00859; rounding by mmaction2.

    Args:
        num_segments: N.

    Raises:
        InputError: N is less than 1.
    """

    def __init__(self, num_segments: int = 8) -> None:
        if num_segments < 1:
            raise InputError(f'num_segments must be at least 1, got {num_segments}')
        self.num_segments = num_segments

    def transform(self, results: dict) -> dict:
        """Add the view ``frames``."""
        total_frames, rng = results['total_frames'], results['rng']
        parts = np.arange(self.num_segments)
        length = total_frames // self.num_segments
        if length:
            indices = parts * length + rng.integers(length, size=self.num_segments)
        else:
            starts = parts * (total_frames / self.num_segments)
            # mmaction2 rounds up to the number of frames, too, and takes the first frame then.
            indices = starts.round().astype(np.int64) % total_frames
        results['views'] = [View('frames', indices)]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_segments={self.num_segments})'
