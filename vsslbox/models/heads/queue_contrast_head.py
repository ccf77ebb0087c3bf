"""The contrast with a queue of keys."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['QueueContrastHead']


@MODELS.register_module()
class QueueContrastHead(BaseModule):
    """Contrast the keys of each query with the keys in a queue.

    Each positive is compared with the negatives separately; the losses are averaged.

    Source: VCLR, eq. 2 (``loss_inter``, S positives) and eq. 6 (``loss_video``, one positive).

    Args:
        queue: The config of a memory with ``features`` and ``stage``, such as ``FeatureQueue``.
        loss: The config of a loss that is called with query ``[N, D]``, positive ``[N, D]`` and
            negatives ``[K, D]``.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(self, queue: dict, loss: dict, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.queue = MODELS.build(queue)
        self.criterion = MODELS.build(loss)

    def forward(self, query: Tensor, keys: Sequence[Tensor]) -> Tensor:
        """Compute the loss and stage the keys.

        Args:
            query: ``[N, D]``, L2-normalised.
            keys: The positives, one or more of ``[N, D]``, L2-normalised, without gradient.

        Returns:
            The loss, a scalar.
        """
        loss = self.contrast(query, keys)
        self.stage(keys)
        return loss

    def contrast(self, query: Tensor, keys: Sequence[Tensor]) -> Tensor:
        """Compute the loss alone, for keys that several queries share."""
        return self.criterion(query.repeat(len(keys), 1), torch.cat(keys), self.queue.features)

    def stage(self, keys: Sequence[Tensor]) -> None:
        """Stage keys for the queue."""
        for positive in keys:
            self.queue.stage(positive)
