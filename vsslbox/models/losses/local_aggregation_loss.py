"""The second loss of VIE: to be near the entries of the same cluster."""

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.memories.feature_bank import FeatureBank
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['LocalAggregationLoss', 'local_aggregation']


def local_aggregation(
    embedding: Tensor,
    indices: Tensor,
    entries: Tensor,
    labels: Tensor,
    background_size: int,
    temperature: float,
) -> Tensor:
    r"""Compute how much of a sample's neighbourhood belongs to its clusters.

    .. math:: -\frac{1}{N} \sum_i \log \Big(
        \frac{\sum_{j \in B_i \cap C_i} e^{e_i \cdot v_j / \tau}}
        {\sum_{j \in B_i} e^{e_i \cdot v_j / \tau}} + 10^{-7} \Big)

    The background B_i is the set of entries nearest to the embedding, by dot product over the whole
    bank, including its own entry. The close set C_i is the set of entries with the label of the own
    entry in any of the clusterings. If none of them is in the background, the loss is that of the
    constant and has no gradient.

    Source: Zhuang et al., "Local Aggregation for Unsupervised Learning of Visual Embeddings",
    eq. 2-5; VIE, section 3; the constant and the own entry follow the code of VIE.

    Args:
        embedding: ``[N, D]``, L2-normalised.
        indices: The own entry of each embedding, ``[N]``.
        entries: The bank, ``[V, D]``, without gradient.
        labels: The cluster of each entry in each clustering, ``[H, V]``.
        background_size: The number of entries in the background, at most V.
        temperature: The divisor of the scores, tau.

    Returns:
        The mean over the embeddings, a scalar in float32 (float64 for inputs in float64).

    Examples:
        >>> entries, labels = torch.eye(4), torch.tensor([[0, 0, 1, 1]])
        >>> loss = local_aggregation(entries[:1], torch.tensor([0]), entries, labels, 4, 1.0)
        >>> round(loss.item(), 4)  # -log((e + 1) / (e + 3))
        0.4304
    """
    embedding, entries = at_least_float32(embedding), at_least_float32(entries)
    with torch.autocast(embedding.device.type, enabled=False):
        # The scores of the background are computed again: a gradient through all scores would cost
        # another product with the whole bank.
        with torch.no_grad():
            background = (embedding @ entries.T).topk(background_size).indices  # [N, B]
        scores = torch.einsum('nd,nbd->nb', embedding, entries[background]) / temperature
        close = (labels[:, background] == labels[:, indices].unsqueeze(2)).any(dim=0)
        share = (scores.softmax(dim=1) * close).sum(dim=1)
        return -(share + 1e-7).log().mean()


@MODELS.register_module()
class LocalAggregationLoss(nn.Module):
    """Draw a video towards the entries of its clusters; see :func:`local_aggregation`.

    Args:
        background_size: The number of entries in the background.
        temperature: The divisor of the scores.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> bank = FeatureBank(num_videos=4, channels=4)
        >>> _ = bank.features.copy_(torch.eye(4))
        >>> _ = bank.labels.copy_(torch.tensor([[0, 0, 1, 1]]))  # as ClusterHook does
        >>> criterion = LocalAggregationLoss(background_size=4, temperature=1.0)
        >>> round(criterion(torch.eye(4)[:1], torch.tensor([0]), bank).item(), 4)
        0.4304
    """

    def __init__(
        self, background_size: int = 4096, temperature: float = 0.07, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(f'temperature must be positive, got {temperature}')
        self.background_size = background_size
        self.temperature = temperature
        self.loss_weight = loss_weight

    def check(self, bank: FeatureBank) -> None:
        """Refuse a bank with fewer videos than the background has entries."""
        if self.background_size > bank.num_videos:
            raise InputError(
                f'`background_size={self.background_size}` of `LocalAggregationLoss` is more than '
                f'the {bank.num_videos} videos of the bank: lower it'
            )

    def forward(self, embedding: Tensor, indices: Tensor, bank: FeatureBank) -> Tensor:
        """Compute the loss.

        Args:
            embedding: ``[N, D]``, L2-normalised.
            indices: The index of the video of each embedding, ``[N]``.
            bank: The bank with the clusters; it is not changed.

        Raises:
            InputError: There are no clusters yet, or the background is larger than the bank.
        """
        if not bank.clustered:
            raise InputError(
                "the bank has no clusters yet: add `dict(type='ClusterHook')` to `custom_hooks`"
            )
        self.check(bank)
        loss = local_aggregation(
            embedding,
            indices,
            bank.features,
            bank.labels,
            self.background_size,
            self.temperature,
        )
        return self.loss_weight * loss
