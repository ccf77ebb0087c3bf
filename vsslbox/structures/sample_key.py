"""The key of a sample, which determines its random draws."""

from typing import NamedTuple

import numpy as np

__all__ = ['SampleKey']


class SampleKey(NamedTuple):
    """The key that a sampler passes to a data set instead of a bare index.

    A sample draws from ``rng()`` only, so it depends on these three numbers alone, not on the
    number of workers or processes or on earlier samples.
    """

    index: int  # type: ignore[assignment]  # hides a method of tuples that a key does not need
    epoch: int = 0
    seed: int = 0

    def rng(self) -> np.random.Generator:
        """Return a new random generator for this sample."""
        return np.random.default_rng((self.seed, self.epoch, self.index))
