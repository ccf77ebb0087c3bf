"""The sampling of VIE's TRN."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleBinnedFrames']


@TRANSFORMS.register_module()
class SampleBinnedFrames(BaseSampler):
    """One random frame from each of several consecutive short bins: one view, ``clip``.

    The video is cut into bins of ``min(max_bin_len, total_frames // num_bins)`` frames, the last of
    which may be shorter, and the first bin of the clip is drawn. A video of fewer frames than
    ``num_bins`` starts over at its end: its bins are single frames. (The authors replace it by
    another random video: :class:`RequireFrames` does.)

    Source: VIE, section 4 (TRN); the bins, half a second long at 25 frames per second, following
    the authors' code.

    Args:
        num_bins: The bins of a clip, and so its frames, T.
        max_bin_len: The frames of a bin, in videos that are long enough.
    """

    def __init__(self, num_bins: int = 4, max_bin_len: int = 12) -> None:
        check_counts(num_bins=num_bins, max_bin_len=max_bin_len)
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
