"""The loss of BYOL: the squared distance of a prediction and its targets on the unit sphere."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['CosineRegressionLoss', 'cosine_regression']


def cosine_regression(prediction: Tensor, targets: Tensor) -> Tensor:
    r"""Compute the mean squared distance of L2-normalised predictions and targets.

    .. math:: \frac{1}{MN} \sum_{m, i} \left( 2 - 2
        \frac{q_i \cdot z_{mi}}{\lVert q_i \rVert \lVert z_{mi} \rVert} \right)

    Source: Grill et al., "Bootstrap Your Own Latent", eq. 2. Feichtenhofer et al., "A Large-Scale
    Study on Unsupervised Spatiotemporal Representation Learning", leave out the constant and
    divide the cosine by a temperature; theirs of 0.5 gives the same gradient.

    Args:
        prediction: ``[N, D]``, of any norm.
        targets: ``[M, N, D]``, the M targets of each prediction, or ``[N, D]``, of any norm.

    Returns:
        A scalar in [0, 4], in float32 (float64 for inputs in float64).

    Examples:
        >>> prediction, targets = torch.eye(2), torch.stack([torch.eye(2), -torch.eye(2)])
        >>> cosine_regression(prediction, targets).item()
        2.0
    """
    prediction, targets = at_least_float32(prediction), at_least_float32(targets)
    with torch.autocast(prediction.device.type, enabled=False):
        return (2 - 2 * F.cosine_similarity(prediction, targets, dim=-1)).mean()


@MODELS.register_module()
class CosineRegressionLoss(nn.Module):
    """Predict embeddings up to their length; see :func:`cosine_regression`.

    Args:
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> CosineRegressionLoss(loss_weight=0.5)(torch.eye(2), torch.eye(2).flip(0)).item()
        1.0
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, prediction: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss; the shapes are those of :func:`cosine_regression`."""
        return self.loss_weight * cosine_regression(prediction, targets)
