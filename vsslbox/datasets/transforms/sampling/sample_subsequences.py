"""The sampling of VDIM."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleSubsequences']


@TRANSFORMS.register_module()
class SampleSubsequences(BaseSampler):
    """Two clips a fixed offset apart, at different frame rates: ``antecedent`` and ``consequent``.

    Both lie in a window that starts anywhere in the video. The antecedent begins with the window,
    the consequent ``offset`` frames later; each keeps only every d-th frame. A video shorter than
    the window repeats its last frame.

    With ``offset=0, down_sampling=(1, 2)`` the consequent spans twice the time of the antecedent
    (the paper's best setting); with ``offset=clip_len, down_sampling=(1, 2)`` the two split the
    window into its first third and the rest.

    Source: VDIM, section 3.1 and table 2.

    Args:
        clip_len: The frames of a view, T.
        offset: The start of the consequent within the window, in frames: 0 or 32 in the paper.
        down_sampling: d of the antecedent and of the consequent: 1, 2 or 3 in the paper.
        consequent_len: The frames of the consequent; by default ``clip_len``.
            :class:`VDIMTemporalDifference` needs twice as many.
    """

    def __init__(
        self,
        clip_len: int = 32,
        offset: int = 0,
        down_sampling: Sequence[int] = (1, 2),
        consequent_len: int | None = None,
    ) -> None:
        if clip_len < 1 or offset < 0 or len(down_sampling) != 2 or min(down_sampling) < 1:
            raise InputError(
                'clip_len must be at least 1, offset at least 0, and down_sampling two numbers of '
                f'at least 1, got {clip_len}, {offset} and {down_sampling}'
            )
        self.clip_len = clip_len
        self.offset = offset
        self.down_sampling = tuple(down_sampling)
        self.consequent_len = clip_len if consequent_len is None else consequent_len
        check_counts(consequent_len=self.consequent_len)
        first, second = self.down_sampling
        self._places = {
            'antecedent': first * np.arange(clip_len),
            'consequent': offset + second * np.arange(self.consequent_len),
        }

    def transform(self, results: dict) -> dict:
        """Add the views ``antecedent`` and ``consequent``."""
        total_frames = results['total_frames']
        window = 1 + max(int(places[-1]) for places in self._places.values())
        start = results['rng'].integers(max(total_frames - window, 0) + 1)
        results['views'] = [
            View(name, np.minimum(start + places, total_frames - 1))
            for name, places in self._places.items()
        ]
        return results
