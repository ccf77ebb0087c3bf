"""The contrastive loss of SimCLR and CVRL between two views of each sample of a batch."""

from typing import Literal

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.gather import gather_with_gradient
from vsslbox.models.utils.precision import normalized
from vsslbox.registry import MODELS

__all__ = ['NTXentLoss', 'nt_xent']


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    r"""Compute the normalised, temperature-scaled cross entropy over the batch of all processes.

    .. math:: -\frac{1}{2N} \sum_{i=1}^{2N} \log
        \frac{e^{z_i \cdot z'_i / \tau}}{\sum_{k \ne i} e^{z_i \cdot z_k / \tau}}

    with :math:`z'_i` the other view of :math:`z_i`: one positive and 2N - 2 negatives. A process
    takes its own samples as anchors, and the gradient reaches the embeddings of all processes:
    averaged over them, loss and gradient are those of the formula.

    Source: Qian et al., "Spatiotemporal Contrastive Video Representation Learning", eq. 1; Chen
    et al., "A Simple Framework for Contrastive Learning", eq. 1.

    Args:
        first: Embeddings of the first views, ``[N, D]``, of any norm.
        second: Embeddings of the second views; row i belongs to row i of ``first``.
        temperature: The divisor of the scores, tau.

    Returns:
        The mean over the 2N anchors of this process, a scalar in float32 (float64 for inputs in
        float64).

    Examples:
        >>> view = torch.eye(4)[:2]
        >>> round(nt_xent(view, view, temperature=1.0).item(), 4)  # log(1 + 2 / e)
        0.5514
    """
    with torch.autocast(first.device.type, enabled=False):
        views = torch.stack([normalized(first), normalized(second)], dim=1)  # [N, 2, D]
        firsts, seconds = gather_with_gradient(views).unbind(dim=1)  # [M, D], of all processes
        rows = torch.arange(len(views), device=views.device) + get_rank() * len(views)
        from_first = _cross_entropy(rows, firsts, seconds, temperature)
        from_second = _cross_entropy(rows, seconds, firsts, temperature)
        return (from_first + from_second) / 2


def _cross_entropy(rows: Tensor, same: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Compute the loss of the anchors ``same[rows]``, whose positives are ``other[rows]``."""
    anchors = same[rows]
    itself = rows[:, None] == torch.arange(len(same), device=rows.device)  # [N, M]
    to_same = (anchors @ same.T).masked_fill_(itself, -torch.inf)
    logits = torch.cat([anchors @ other.T, to_same], dim=1).div_(temperature)
    return F.cross_entropy(logits, rows)


@MODELS.register_module()
class NTXentLoss(nn.Module):
    """Contrast two views over the batch of all processes; see :func:`nt_xent`.

    Args:
        temperature: The divisor of the scores.
        reduction: ``'sum'`` adds the losses of the two directions, first to second view and back,
            following the code of CVRL's authors; ``'mean'`` averages them, as in the papers.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> view = torch.eye(4)[:2]
        >>> criterion = NTXentLoss(temperature=1.0, reduction='sum')
        >>> round(criterion(view, view).item(), 4)
        1.1029
    """

    needs_negatives = True  # from the batch

    def __init__(
        self,
        temperature: float = 0.1,
        reduction: Literal['sum', 'mean'] = 'sum',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        if reduction not in ('sum', 'mean'):
            raise InputError(f"reduction must be 'sum' or 'mean', got {reduction!r}")
        self.temperature = temperature
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compute the loss; the shapes are those of :func:`nt_xent`."""
        directions = 2 if self.reduction == 'sum' else 1
        return self.loss_weight * directions * nt_xent(first, second, self.temperature)
