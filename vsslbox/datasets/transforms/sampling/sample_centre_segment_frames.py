"""The sampling of TSN and TSM for tests."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleCentreSegmentFrames']


@TRANSFORMS.register_module()
class SampleCentreSegmentFrames(BaseTransform):
    """One view of N frames, the middle ones of N equal parts of the video.

    A video of fewer than N frames repeats some.

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
        length = results['total_frames'] / self.num_segments
        middles = np.arange(self.num_segments) * length + length / 2
        results['views'] = [View('frames', middles.astype(np.int64))]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_segments={self.num_segments})'
