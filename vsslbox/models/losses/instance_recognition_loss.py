"""The first loss of VIE: to recognise a video's own entry in the bank."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.losses.info_nce_loss import info_nce
from vsslbox.models.memories.feature_bank import FeatureBank
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['InstanceRecognitionLoss', 'instance_nce']

# The denominator of the softmax, estimated on ImageNet, per image.
NORMALIZER_PER_ENTRY = 2876934.2 / 1281167


def instance_nce(
    embedding: Tensor, positive: Tensor, noise: Tensor, num_entries: int, temperature: float
) -> Tensor:
    r"""Estimate the softmax over a bank of V entries by noise contrast.

    .. math:: -\frac{1}{N} \sum_i \Big[
        \log \frac{p(v_i)}{p(v_i) + K/V + \epsilon} +
        \sum_k \log \frac{K/V}{p(n_{ik}) + K/V + \epsilon} \Big], \quad
        p(v) = \frac{e^{e_i \cdot v / \tau}}{Z}

    with the constant Z = V * 2876934.2 / 1281167 and epsilon = 1e-7.

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    eq. 4-7; the constants follow the code of VIE.

    Args:
        embedding: ``[N, D]``, L2-normalised.
        positive: The own entry of each embedding, ``[N, D]``.
        noise: The entries drawn for each embedding, ``[N, K, D]``.
        num_entries: V.
        temperature: The divisor of the scores, tau.

    Returns:
        The mean over the embeddings, a scalar in float32 (float64 for inputs in float64).

    Examples:
        >>> embedding, noise = torch.eye(4)[:2], torch.eye(4)[2:].expand(2, 2, 4)
        >>> loss = instance_nce(embedding, embedding, noise, num_entries=9, temperature=0.07)
        >>> round(loss.item(), 4)
        0.4021
    """
    embedding, positive, noise = (at_least_float32(x) for x in (embedding, positive, noise))
    log_normalizer = math.log(NORMALIZER_PER_ENTRY * num_entries)
    noise_density = noise.shape[1] / num_entries
    with torch.autocast(embedding.device.type, enabled=False):
        own = (embedding * positive).sum(dim=1) / temperature - log_normalizer  # [N], log p
        others = torch.einsum('nd,nkd->nk', embedding, noise) / temperature - log_normalizer
        told = own - (own.exp() + noise_density + 1e-7).log()
        refused = math.log(noise_density) - (others.exp() + noise_density + 1e-7).log()
        return -(told + refused.sum(dim=1)).mean()


@MODELS.register_module()
class InstanceRecognitionLoss(nn.Module):
    """Tell a video's own entry in the bank from entries drawn at random.

    Noise is drawn for each sample separately, uniformly and with replacement.

    Source: VIE, section 3 (IR).

    Args:
        num_noise: The number of entries drawn, K.
        temperature: The divisor of the scores.
        form: ``'nce'`` as in the authors' code, see :func:`instance_nce`; ``'softmax'`` as in the
            paper's eq. 2, with the denominator summed over the own entry and those drawn, see
            :func:`info_nce`.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> bank = FeatureBank(num_videos=10, channels=4)
        >>> _ = bank.features.fill_(0.5)  # all videos alike
        >>> criterion = InstanceRecognitionLoss(num_noise=3, form='softmax')
        >>> round(criterion(torch.eye(4)[:2], torch.tensor([7, 2]), bank).item(), 4)  # log(4)
        1.3863
    """

    def __init__(
        self,
        num_noise: int = 4096,
        temperature: float = 0.07,
        form: Literal['nce', 'softmax'] = 'nce',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if num_noise < 1:
            raise InputError(f'num_noise must be at least 1, got {num_noise}')
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        if form not in ('nce', 'softmax'):
            raise InputError(f"form must be 'nce' or 'softmax', got {form!r}")
        self.num_noise = num_noise
        self.temperature = temperature
        self.form = form
        self.loss_weight = loss_weight

    def forward(self, embedding: Tensor, indices: Tensor, bank: FeatureBank) -> Tensor:
        """Compute the loss.

        Args:
            embedding: ``[N, D]``, L2-normalised.
            indices: The index of the video of each embedding, ``[N]``.
            bank: The bank; it is not changed.
        """
        shape = (len(embedding), self.num_noise)
        drawn = torch.randint(bank.num_videos, shape, device=embedding.device)
        positive, noise = bank.features[indices], bank.features[drawn]
        if self.form == 'softmax':
            loss = info_nce(embedding, positive, noise, self.temperature)
        else:
            loss = instance_nce(embedding, positive, noise, bank.num_videos, self.temperature)
        return self.loss_weight * loss
