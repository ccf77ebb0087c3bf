"""The queue of MoCo: keys of previous batches, as negatives for the next."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.memories.base_memory import BaseMemory
from vsslbox.models.utils.gather import gather_batch
from vsslbox.registry import MODELS

__all__ = ['FeatureQueue']


@MODELS.register_module()
class FeatureQueue(BaseMemory):
    """A first-in-first-out memory of keys.

    The keys of all processes enter the queue of every process, in the order of the ranks. The rows
    and the write pointer are buffers.

    Source: He et al., "Momentum Contrast", section 3.2; the start values, uniform in
    +-1/sqrt(channels / 3), follow the code of VCLR's authors.

    Args:
        size: The number of keys, K.
        channels: The length of a key, D.

    Attributes:
        last_written: The number of keys that the last step wrote.
    """

    def __init__(self, size: int, channels: int = 128) -> None:
        super().__init__()
        bound = (channels / 3) ** -0.5
        self.register_buffer('features', torch.empty(size, channels).uniform_(-bound, bound))
        self.register_buffer('pointer', torch.zeros((), dtype=torch.long))
        self.last_written = 0
        self._staged: list[Tensor] = []

    @property
    def size(self) -> int:
        """The number of keys that the queue holds."""
        return len(self.features)

    @torch.no_grad()
    def stage(self, keys: Tensor) -> None:
        """Stage keys, ``[N, D]`` on each process, for the next :meth:`flush`.

        Raises:
            InputError: More keys wait than the queue can hold.
        """
        self._staged.append(gather_batch(keys.detach()).to(self.features.dtype))
        waiting = sum(len(staged) for staged in self._staged)
        if waiting > self.size:
            raise InputError(
                f'{waiting} keys wait to enter a queue of {self.size}: raise the size of the queue '
                'or lower the batch size (or `accumulative_counts`). A training loop without '
                "`SSLRunner` must call the model's `update_after_step` after each step of the "
                'optimizer'
            )

    @torch.no_grad()
    def flush(self) -> None:
        """Overwrite the oldest keys with the staged keys, in the order of staging."""
        self.last_written = sum(len(keys) for keys in self._staged)
        for keys in self._staged:
            rows = (self.pointer + torch.arange(len(keys), device=keys.device)) % self.size
            self.features[rows] = keys
            self.pointer.copy_((self.pointer + len(keys)) % self.size)
        self._staged.clear()

    @torch.no_grad()
    def resized(self, features: Tensor, pointer: int) -> tuple[Tensor, Tensor]:
        """Return the state of a queue of another size as this one has it.

        The newest keys are kept. Where they are fewer than this queue holds, it begins with them,
        and its own rows are overwritten first.

        Args:
            features: The keys of the other queue, ``[K, D]``.
            pointer: Where it writes next.
        """
        newest = features.roll(-pointer, dims=0)[-self.size :]
        rows = self.features.to(newest.device, copy=True)
        rows[: len(newest)] = newest
        return rows, self.pointer.new_tensor(len(newest) % self.size, device=newest.device)

    def extra_repr(self) -> str:
        """Show the shape when printed."""
        return f'size={self.size}, channels={self.features.shape[1]}'
