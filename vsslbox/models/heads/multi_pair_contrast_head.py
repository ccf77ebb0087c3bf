"""The contrast of several frames of a video with all of its keys."""

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.utils import at_least_float32, gather_batch
from vsslbox.registry import MODELS

__all__ = ['MultiPairContrastHead']


@MODELS.register_module()
class MultiPairContrastHead(BaseModule):
    r"""Contrast each frame of a video with each key of the video, against those of other videos.

    .. math:: -\frac{1}{N S^2} \sum_{i, s, t} \log
        \frac{e^{q_{is} \cdot k_{it} / \tau}}
        {e^{q_{is} \cdot k_{it} / \tau} + \sum_n e^{q_{is} \cdot n / \tau}}

    The negatives n are the keys in a queue and, with ``within_batch``, those of the other videos of
    the batch, of all processes.

    Source: Gordon et al., "Watching the World Go By", section 3.2, multi-pair loss; the pairs and
    the negatives within the batch follow the authors' code.

    Args:
        queue: The config of a memory with ``features`` and ``stage``, such as ``FeatureQueue``.
        temperature: The divisor of the scores, tau.
        within_batch: Whether keys of other videos of the batch are negatives, too.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        queue: dict,
        temperature: float = 0.2,
        within_batch: bool = True,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        self.queue = MODELS.build(queue)
        self.temperature = temperature
        self.within_batch = within_batch

    def forward(self, query: Tensor, keys: list[Tensor]) -> Tensor:
        """Compute the loss and stage the keys.

        Args:
            query: ``[N, S, D]``, L2-normalised.
            keys: One tensor ``[N, S, D]``, L2-normalised, without gradient.

        Returns:
            The loss, a scalar in float32 (float64 for inputs in float64).
        """
        (key,) = keys
        with torch.autocast(query.device.type, enabled=False):
            query, key = at_least_float32(query), at_least_float32(key)
            positives = query @ key.transpose(1, 2) / self.temperature  # [N, S, S]
            queued = query @ self.queue.features.to(query.dtype).T / self.temperature
            against = queued.logsumexp(dim=2)  # [N, S]
            if self.within_batch:
                against = torch.logaddexp(against, self._against_batch(query, key))
            loss = F.softplus(against.unsqueeze(2) - positives).mean()
        self.queue.stage(key.flatten(0, 1))
        return loss

    def _against_batch(self, query: Tensor, key: Tensor) -> Tensor:
        """Compute the log of the sum over keys of other videos, ``[N, S]``."""
        everything = gather_batch(key)  # [M, S, D]
        scores = torch.einsum('nsd,mtd->nsmt', query, everything) / self.temperature
        own = torch.arange(len(query), device=query.device) + get_rank() * len(query)
        same = own[:, None] == torch.arange(len(everything), device=query.device)
        return scores.masked_fill(same[:, None, :, None], -torch.inf).flatten(2).logsumexp(dim=2)
