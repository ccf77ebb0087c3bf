"""The sampling of CVRL."""

from typing import Literal, get_args

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleTemporalInterval']

Law = Literal['decreasing', 'uniform', 'increasing', 'same']
LAWS = get_args(Law)


@TRANSFORMS.register_module()
class SampleTemporalInterval(BaseSampler):
    r"""Two clips whose distance in time is drawn from a given law: ``first`` and ``second``.

    With M positions at which a clip can start and x = t / M, the density of the interval t is

    * ``'decreasing'``: :math:`\frac{p + 1}{p M} (1 - x^p)`;
    * ``'uniform'``: :math:`\frac{1}{M}`;
    * ``'increasing'``: :math:`\frac{p + 1}{M} x^p`;
    * ``'same'``: the clips are the same, and only their augmentations differ.

    The drawn interval is rounded down to whole frames. The earlier clip starts anywhere that leaves
    room for the interval, and either view may be the earlier one. In a video shorter than a clip
    both start anywhere, and the video starts over at its end.

    Source: CVRL, section 3.2, appendix A and figure 3; M and the order of the two following the
    authors' code.

    Args:
        clip_len: The frames of a clip, T.
        frame_interval: The distance between the frames of a clip.
        law: The law of the interval, as above.
        exponent: p, positive; used by ``'decreasing'`` and ``'increasing'``.
    """

    def __init__(
        self,
        clip_len: int = 16,
        frame_interval: int = 2,
        law: Law = 'decreasing',
        exponent: float = 1.0,
    ) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        if law not in LAWS:
            raise InputError(f'law must be one of {", ".join(map(repr, LAWS))}, got {law!r}')
        if exponent <= 0:
            raise InputError(
                f'exponent must be positive, got {exponent}; for equally likely intervals set '
                "law='uniform'"
            )
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.law = law
        self.exponent = exponent

    def transform(self, results: dict) -> dict:
        """Add the views ``first`` and ``second``."""
        rng, total_frames = results['rng'], results['total_frames']
        starts = rng.permutation(self._two_starts(rng, total_frames))
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [
            View(name, (start + offsets) % total_frames)
            for name, start in zip(('first', 'second'), starts)
        ]
        return results

    def _two_starts(self, rng: np.random.Generator, total_frames: int) -> np.ndarray:
        num_starts = total_frames - (self.clip_len - 1) * self.frame_interval
        if num_starts < 1 and self.law != 'same':
            return rng.integers(total_frames, size=2)
        num_starts = max(num_starts, 1)
        interval = self.whole_interval(rng.random(), num_starts)
        start = rng.integers(num_starts - interval)
        return np.array([start, start + interval])

    def whole_interval(self, probability: float, num_starts: int) -> int:
        """Return the largest interval whose cumulative probability is at most ``probability``."""
        shares = self._cumulative(np.arange(num_starts) / num_starts)
        return int(np.searchsorted(shares, probability, side='right')) - 1

    def _cumulative(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of an interval shorter than ``x`` times M."""
        p = self.exponent
        if self.law == 'decreasing':
            return ((p + 1) * x - x ** (p + 1)) / p
        if self.law == 'increasing':
            return x ** (p + 1)
        return x if self.law == 'uniform' else np.sign(x)
