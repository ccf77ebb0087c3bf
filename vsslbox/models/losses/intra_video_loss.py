"""The loss of SeCo and VCLR between frames of one video."""

from typing import Literal

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.losses.info_nce_loss import info_nce
from vsslbox.registry import MODELS

__all__ = ['IntraVideoLoss', 'intra_video_nce']


def intra_video_nce(
    query: Tensor, positive: Tensor, others: Tensor, temperature: float, form: str
) -> Tensor:
    """Compute how well the query tells its own frame from other frames of the video.

    Source: VCLR, eq. 3 (``joint``); the authors' code computes ``pairwise``.

    Args:
        query: ``[N, D]``, L2-normalised.
        positive: The same frame under another augmentation, ``[N, D]``, L2-normalised.
        others: ``M`` other frames of the same video, ``[N, M, D]``, L2-normalised.
        temperature: The divisor of the scores, tau.
        form: ``'pairwise'`` averages M softmaxes, each of the positive against one other frame;
            ``'joint'`` is one softmax of the positive against all of them.

    Returns:
        The mean over the queries (and, for ``'pairwise'``, over the other frames), a scalar.

    Examples:
        >>> query, others = torch.eye(4)[:2], torch.eye(4)[2:].expand(2, 2, 4)
        >>> loss = intra_video_nce(query, query, others, temperature=1.0, form='pairwise')
        >>> round(loss.item(), 4)  # log(1 + 1 / e)
        0.3133
    """
    if form == 'joint':
        return info_nce(query, positive, others, temperature)
    terms = [
        info_nce(query, positive, other.unsqueeze(1), temperature) for other in others.unbind(1)
    ]
    return torch.stack(terms).mean()


@MODELS.register_module()
class IntraVideoLoss(nn.Module):
    """Contrast a frame under two augmentations with the other frames of its video.

    Args:
        temperature: The divisor of the scores.
        form: ``'pairwise'`` as in the authors' code, ``'joint'`` as in the paper's eq. 3; see
            :func:`intra_video_nce`.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> query, others = torch.eye(4)[:2], torch.eye(4)[2:].expand(2, 2, 4)
        >>> criterion = IntraVideoLoss(temperature=1.0, form='joint')
        >>> round(criterion(query, query, others).item(), 4)  # log(1 + 2 / e)
        0.5514
    """

    def __init__(
        self,
        temperature: float = 0.1,
        form: Literal['pairwise', 'joint'] = 'pairwise',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        if form not in ('pairwise', 'joint'):
            raise InputError(f"form must be 'pairwise' or 'joint', got {form!r}")
        self.temperature = temperature
        self.form = form
        self.loss_weight = loss_weight

    def forward(self, query: Tensor, positive: Tensor, others: Tensor) -> Tensor:
        """Compute the loss; the shapes are those of :func:`intra_video_nce`."""
        loss = intra_video_nce(query, positive, others, self.temperature, self.form)
        return self.loss_weight * loss
