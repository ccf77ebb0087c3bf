"""The interface of queues and banks."""

from abc import ABC, abstractmethod

from torch import nn

__all__ = ['BaseMemory']


class BaseMemory(nn.Module, ABC):
    """Features that outlive a batch, kept in buffers so that a checkpoint holds them.

    Features are staged first; :meth:`flush` writes them after each step of the optimizer, when
    ``UpdateAfterStepHook`` calls the model. A loss therefore never changes the memory that it is
    computed with, and accumulating gradients changes nothing.
    """

    @abstractmethod
    def flush(self) -> None:
        """Write the staged features."""
