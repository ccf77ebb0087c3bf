"""The sampling of pace prediction."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomPace']


@TRANSFORMS.register_module()
class SampleRandomPace(BaseSampler):
    """One clip at a random pace, which starts at any frame: one view, ``clip``.

    A clip at pace p takes every p-th frame. When the video ends it goes on with the first frame.
    The target ``pretext_label`` is the place of its pace in ``paces``.

    Source: Wang et al., "Self-supervised Video Representation Learning by Pace Prediction", section
    3.1; start and end following the authors' code.

    Args:
        clip_len: The frames of the clip, T.
        paces: The paces, each at least 1.
    """

    def __init__(self, clip_len: int = 16, paces: Sequence[int] = (1, 2, 3, 4)) -> None:
        check_counts(clip_len=clip_len)
        self.clip_len = clip_len
        self.paces = tuple(paces)
        if len(set(paces)) < max(len(paces), 2) or min(paces) < 1:
            raise InputError(
                f'paces must be at least two different numbers of at least 1, got {self.paces}'
            )

    def transform(self, results: dict) -> dict:
        """Add the view ``clip`` and the target."""
        rng, total_frames = results['rng'], results['total_frames']
        label = int(rng.integers(len(self.paces)))
        pace = self.paces[label]
        start = rng.integers(total_frames)
        steps = np.arange(self.clip_len)
        to_the_end = len(range(start, total_frames, pace))
        whole_video = len(range(0, total_frames, pace))
        again = (steps - to_the_end) % whole_video * pace
        indices = np.where(steps < to_the_end, start + steps * pace, again)
        results['views'] = [View('clip', indices)]
        results.setdefault('targets', {})['pretext_label'] = label
        return results
