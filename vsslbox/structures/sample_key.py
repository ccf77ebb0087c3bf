"""The key of a sample: everything that its randomness depends on."""

from typing import NamedTuple

import numpy as np

__all__ = ['SampleKey']


class SampleKey(NamedTuple):
    """What a sampler hands to a dataset instead of a bare index.

    Whatever a sample draws, it draws from ``rng()``; so it depends on these three numbers alone,
    not on the number of workers or processes or on what was loaded before.
    """

    index: int
    epoch: int = 0
    seed: int = 0

    def rng(self) -> np.random.Generator:
        """A fresh random generator for this sample."""
        return np.random.default_rng((self.seed, self.epoch, self.index))
