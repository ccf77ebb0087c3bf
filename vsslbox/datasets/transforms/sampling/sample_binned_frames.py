"""Frames of consecutive bins, as VIE's TRN samples."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleBinnedFrames']


@TRANSFORMS.register_module()
class SampleBinnedFrames(BaseTransform):
    """One view, ``clip``, of a random frame out of each of several consecutive bins.

    The video is cut into bins of ``min(max_bin_len, total_frames // num_bins)`` frames, the last of
    which may be shorter, and the first bin of the clip is drawn. A video of fewer frames than
    ``num_bins`` starts over at its end: its bins are single frames. (The authors put a random other
    video in its place.)

    Source: VIE, section 4 (TRN); the bins, half a second long at 25 frames per second, by the
    authors' code.

    Args:
        num_bins: The bins of a clip, and so its frames, T.
        max_bin_len: The frames of a bin, in videos that are long enough.
    """

    def __init__(self, num_bins: int = 4, max_bin_len: int = 12) -> None:
        if min(num_bins, max_bin_len) < 1:
            raise InputError(
                f'num_bins and max_bin_len must be at least 1, got {num_bins} and {max_bin_len}'
            )
        self.num_bins = num_bins
        self.max_bin_len = max_bin_len

    def transform(self, results: dict) -> dict:
        """Add the view ``clip``."""
        rng, total_frames = results['rng'], results['total_frames']
        num_frames = max(total_frames, self.num_bins)  # counted on past the end of short ones
        starts = np.arange(0, num_frames, min(self.max_bin_len, num_frames // self.num_bins))
        ends = np.append(starts[1:], num_frames)
        first = rng.integers(len(starts) - self.num_bins + 1)
        chosen = slice(first, first + self.num_bins)
        frames = rng.integers(starts[chosen], ends[chosen])
        results['views'] = [View('clip', frames % total_frames)]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_bins={self.num_bins}, max_bin_len={self.max_bin_len})'
