"""The contrastive loss of DPC: a prediction against the features of all places and times."""

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from torch import Tensor

from vsslbox.models.utils.gather import gather_with_gradient
from vsslbox.models.utils.precision import at_least_float32

__all__ = ['dense_prediction_nce']


def dense_prediction_nce(predicted: Tensor, features: Tensor) -> Tensor:
    r"""Compute the cross-entropy of each prediction among all features of the batch.

    .. math:: -\frac{1}{N P h w} \sum_{n, p, k} \log
        \frac{e^{\hat z_{npk} \cdot z_{npk}}}{\sum_{m, q, l} e^{\hat z_{npk} \cdot z_{mql}}}

    with the places k and l of a map. The features of other videos, and those of other steps and
    places of the same video, are negatives. Scores are plain dot products. The features are those
    of all processes (the authors' are those of one GPU), and the gradient reaches all of them.

    Source: Han et al., "Video Representation Learning by Dense Predictive Coding", eq. 5.

    Args:
        predicted: ``[N, P, D, h, w]``, for P steps.
        features: The features that are predicted, of the same shape.

    Returns:
        The mean over the predictions of this process, a scalar in float32 (float64 for inputs in
        float64).

    Examples:
        >>> maps = torch.eye(2).view(2, 1, 2, 1, 1)
        >>> round(dense_prediction_nce(maps, maps).item(), 4)  # log(1 + 1 / e)
        0.3133
    """
    with torch.autocast(predicted.device.type, enabled=False):
        rows, own = (
            at_least_float32(maps).movedim(2, -1).flatten(0, -2) for maps in (predicted, features)
        )  # [N * P * h * w, D]
        scores = rows @ gather_with_gradient(own).T
        labels = torch.arange(len(rows), device=rows.device) + get_rank() * len(rows)
        return F.cross_entropy(scores, labels)
