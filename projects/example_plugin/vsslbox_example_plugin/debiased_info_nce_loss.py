"""InfoNCE corrected for negatives of the query's own class."""

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['DebiasedInfoNCELoss']


@MODELS.register_module()
class DebiasedInfoNCELoss(nn.Module):
    r"""InfoNCE corrected for the share of negatives that are of the query's own class.

    With :math:`s(a, b) = e^{a \cdot b / t}` the loss of a query q with positive p is

    .. math:: -\log \frac{s(q, p)}{s(q, p) + K g}, \qquad
        g = \max\Big(\frac{\frac{1}{K} \sum_k s(q, n_k) - \pi\, s(q, p)}{1 - \pi},\; e^{-1/t}\Big),

    where g estimates the mean score of the true negatives among K, and :math:`e^{-1/t}` is the
    smallest possible score. With :math:`\pi = 0` it equals InfoNCE.

    Source: Chuang et al., "Debiased Contrastive Learning", NeurIPS 2020, the debiased objective
    with one positive (M = 1). The paper writes :math:`\tau^+` for :math:`\pi`.

    Args:
        temperature: The divisor of the dot products, t.
        class_prior: The share of negatives of the query's class, pi, in [0, 1).

    Raises:
        InputError: An option is out of range.
    """

    def __init__(self, temperature: float = 0.5, class_prior: float = 0.1) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        if not 0 <= class_prior < 1:
            raise InputError(f'class_prior must be at least 0 and below 1, got {class_prior}')
        self.temperature = temperature
        self.class_prior = class_prior

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """Compute the mean loss of the queries.

        Args:
            query: ``[N, D]``, L2-normalised.
            positive: ``[N, D]``, L2-normalised; row i belongs to row i of the query.
            negatives: ``[K, D]``, L2-normalised, shared by all queries.

        Returns:
            A scalar in float32 (float64 for inputs in float64).
        """
        query, positive, negatives = (at_least_float32(x) for x in (query, positive, negatives))
        with torch.autocast(query.device.type, enabled=False):
            positive_logit = (query * positive).sum(dim=1) / self.temperature  # [N]
            negative_logits = query @ negatives.T / self.temperature  # [N, K]
            # Dividing a row's scores by the greatest cancels out, and prevents overflow.
            peak = torch.maximum(positive_logit, negative_logits.amax(dim=1)).detach()
            positive_score = (positive_logit - peak).exp()
            mean_score = (negative_logits - peak[:, None]).exp().mean(dim=1)
            lowest_score = (-1 / self.temperature - peak).exp()

            prior = self.class_prior
            estimate = (mean_score - prior * positive_score) / (1 - prior)
            estimate = torch.maximum(estimate, lowest_score)
            total = positive_score + len(negatives) * estimate
            return (total.log() - (positive_logit - peak)).mean()
