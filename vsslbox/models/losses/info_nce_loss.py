"""The contrastive loss of MoCo and VCLR: one positive against many negatives."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['InfoNCELoss', 'info_nce']


def info_nce(query: Tensor, positive: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    r"""Compute InfoNCE with dot products of L2-normalised embeddings as scores.

    .. math:: -\frac{1}{N} \sum_i \log
        \frac{e^{q_i \cdot p_i / \tau}}{e^{q_i \cdot p_i / \tau} + \sum_k e^{q_i \cdot n_k / \tau}}

    Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding",
    eq. 4; He et al., "Momentum Contrast", eq. 1; VCLR, eq. 2 and 6.

    Args:
        query: ``[N, D]``, L2-normalised.
        positive: ``[N, D]``, L2-normalised; row i belongs to row i of the query.
        negatives: ``[K, D]``, shared by all queries, or ``[N, K, D]``, those of each query.
        temperature: The divisor of the scores, tau.

    Returns:
        The mean over the queries, a scalar in float32 (float64 for inputs in float64).

    Examples:
        >>> query, negatives = torch.eye(4)[:2], torch.eye(4)[2:]
        >>> loss = info_nce(query, query, negatives, temperature=1.0)
        >>> round(loss.item(), 4)  # log(1 + 2 / e)
        0.5514
    """
    query, positive, negatives = (at_least_float32(x) for x in (query, positive, negatives))
    with torch.autocast(query.device.type, enabled=False):
        positive_score = (query * positive).sum(dim=1, keepdim=True)  # [N, 1]
        if negatives.ndim == 3:
            negative_scores = torch.einsum('nd,nkd->nk', query, negatives)
        else:
            negative_scores = query @ negatives.T
        logits = torch.cat([positive_score, negative_scores], dim=1) / temperature
        target = logits.new_zeros(len(logits), dtype=torch.long)
        return F.cross_entropy(logits, target)


@MODELS.register_module()
class InfoNCELoss(nn.Module):
    """InfoNCE of one positive against many negatives; see :func:`info_nce`.

    Args:
        temperature: The divisor of the scores.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> query, negatives = torch.eye(4)[:2], torch.eye(4)[2:]
        >>> criterion = InfoNCELoss(temperature=1.0, loss_weight=0.5)
        >>> round(criterion(query, query, negatives).item(), 4)
        0.2757
    """

    def __init__(self, temperature: float = 0.1, loss_weight: float = 1.0) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        self.temperature = temperature
        self.loss_weight = loss_weight

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """Compute the loss; the shapes are those of :func:`info_nce`."""
        return self.loss_weight * info_nce(query, positive, negatives, self.temperature)
