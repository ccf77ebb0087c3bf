"""Keys of samples, shuffled for every epoch."""

from collections.abc import Iterator
from itertools import islice

from mmengine.dataset import DefaultSampler

from vsslbox.registry import DATA_SAMPLERS
from vsslbox.structures import SampleKey

__all__ = ['EpochSampler']


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's sampler, which yields keys from which a sample derives its randomness.

    The arguments are those of ``DefaultSampler``. ``DistSamplerSeedHook`` sets the epoch.
    """

    _start = 0

    def __iter__(self) -> Iterator[SampleKey]:
        """Yield the keys of this process for one epoch, from the start that was set."""
        start, self._start = self._start, 0
        for index in islice(super().__iter__(), start, None):
            yield SampleKey(index, self.epoch, self.seed)

    def set_start(self, num_samples: int) -> None:
        """Let only the next epoch begin after this many samples of this process.

        A run that resumes within an epoch skips what it has seen.
        """
        self._start = num_samples
