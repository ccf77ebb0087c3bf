"""Keys of samples, shuffled for every epoch."""

import math
from collections.abc import Iterator, Sequence

import torch
from mmengine.dataset import DefaultSampler

from vsslbox.registry import DATA_SAMPLERS
from vsslbox.structures import SampleKey

__all__ = ['EpochSampler']


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's sampler, which yields keys from which a sample derives its randomness.

    An epoch has one order, that of mmengine's sampler on one process, and is dealt out in turn to
    all processes: after as many steps on each, they have seen what lies before one place of it.

    The arguments are those of ``DefaultSampler``. ``DistSamplerSeedHook`` sets the epoch.
    """

    _start = 0

    def __iter__(self) -> Iterator[SampleKey]:
        """Yield the keys of this process for one epoch, from the start that was set."""
        start, self._start = self._start, 0
        order = self._order()
        for number in range(self.num_left(start)):
            place = start + number * self.world_size + self.rank
            yield SampleKey(order[place % len(order)], self.epoch, self.seed)

    def set_start(self, num_samples: int) -> None:
        """Let only the next epoch begin after this many samples of its order.

        A run that resumes within an epoch skips what all processes have seen, however many they
        were.
        """
        self._start = num_samples

    def num_left(self, start: int) -> int:
        """Return the number of samples of this process in an epoch that begins after a start."""
        left = len(self.dataset) - start
        if not self.round_up:
            left -= self.rank
        return max(0, math.ceil(left / self.world_size))

    def _order(self) -> Sequence[int]:
        """Return the indices of all processes."""
        if not self.shuffle:
            return range(len(self.dataset))
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        return torch.randperm(len(self.dataset), generator=generator).tolist()
