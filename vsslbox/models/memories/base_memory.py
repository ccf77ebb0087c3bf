"""What queues and banks have in common."""

from abc import ABC, abstractmethod

from torch import nn

__all__ = ['BaseMemory']


class BaseMemory(nn.Module, ABC):
    """Features that outlive a batch, kept in buffers so that a checkpoint holds them.

    What a step wants to remember is staged first and written by :meth:`flush`, which
    ``UpdateAfterStepHook`` calls after each step of the optimizer. So a loss never changes what it
    is computed with, and accumulating gradients changes nothing.
    """

    @abstractmethod
    def flush(self) -> None:
        """Write what is staged."""
