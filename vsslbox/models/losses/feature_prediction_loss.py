"""The loss of V-JEPA: the distance of predicted features from those of a moving average."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['FeaturePredictionLoss', 'feature_l1']


def feature_l1(predicted: Tensor, features: Tensor) -> Tensor:
    r"""Compute the mean absolute difference of predictions and normalised features.

    .. math:: \frac{1}{N M D} \sum_{n, m, d} \left| \hat z_{nmd} - h_{nmd} \right|

    where each token h has mean 0 and variance 1 over its D features, without learned scale
    (epsilon 1e-5). The features carry no gradient.

    Source: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", eq. 1; the normalisation follows the authors' code.

    Args:
        predicted: ``[N, M, D]``.
        features: The features of the same tokens, before the normalisation, of the same shape.

    Returns:
        The mean, a scalar in float32 (float64 for inputs in float64).

    Examples:
        >>> feature_l1(torch.zeros(1, 1, 2), torch.tensor([[[3.0, 5.0]]])).item()  # |-1|, |1|
        0.9999949932098389
    """
    with torch.autocast(predicted.device.type, enabled=False):
        predicted, features = at_least_float32(predicted), at_least_float32(features.detach())
        return F.l1_loss(predicted, F.layer_norm(features, features.shape[-1:]))


@MODELS.register_module()
class FeaturePredictionLoss(nn.Module):
    """The mean absolute difference of predictions and features; see :func:`feature_l1`.

    Examples:
        >>> features = torch.tensor([[[3.0, 5.0]]])
        >>> round(FeaturePredictionLoss()(torch.zeros(1, 1, 2), features).item(), 4)
        1.0
    """

    def forward(self, predicted: Tensor, features: Tensor) -> Tensor:
        """Compute the loss of tokens, ``[N, M, D]`` each."""
        return feature_l1(predicted, features)
