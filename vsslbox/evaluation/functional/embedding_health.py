"""Measures of a batch of embeddings that need no labels."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['effective_rank', 'embedding_health', 'spread']


def spread(embeddings: Tensor) -> float:
    r"""Compute how far embeddings spread over the sphere.

    The standard deviation of each dimension of the L2-normalised embeddings, averaged over the
    dimensions, times :math:`\sqrt D`: 0 if all embeddings are equal, about 1 if they are uniform on
    the sphere.

    Source: Chen and He, "Exploring Simple Siamese Representation Learning", section 4.1.

    Args:
        embeddings: ``[N, D]``, of any norm.
    """
    directions = F.normalize(embeddings.double(), dim=1)
    return (directions.std(dim=0, correction=0).mean() * embeddings.shape[1] ** 0.5).item()


def effective_rank(embeddings: Tensor) -> float:
    r"""Compute RankMe, the number of dimensions that embeddings use.

    With the singular values :math:`\sigma_k` of the embeddings,

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr), \quad p_k = \sigma_k / \sum_j \sigma_j.

    It is between 1 and min(N, D), so that only batches of one size compare.

    Source: Garrido et al., "RankMe: Assessing the Downstream Performance of Pretrained
    Self-Supervised Representations by Their Rank", ICML 2023, eq. 1.

    Args:
        embeddings: ``[N, D]``.

    Returns:
        The rank; 0 if all embeddings are 0.
    """
    values = torch.linalg.svdvals(embeddings.double())
    if values.sum() == 0:
        return 0.0
    shares = values / values.sum()
    return torch.special.entr(shares).sum().exp().item()


def embedding_health(embeddings: Tensor) -> dict[str, float]:
    r"""Measure the embeddings of several views of a batch of samples.

    With L2-normalised embeddings :math:`z`,

    * ``spread``: see :func:`spread`, of all embeddings;
    * ``rank``: see :func:`effective_rank`, of the first view of each sample;
    * ``negatives``: the mean cosine similarity of first views of different samples;
    * ``uniformity``: :math:`\log \frac{1}{|P|} \sum_{(i, j) \in P} e^{-2 \|z_i - z_j\|^2}` over the
      pairs P of first views;
    * ``positives``: the mean cosine similarity of two views of one sample, over all pairs of views;
    * ``alignment``: the mean of :math:`\|z - z'\|^2` over these pairs.

    Source: Wang and Isola, "Understanding Contrastive Representation Learning through Alignment
    and Uniformity on the Hypersphere", ICML 2020, section 4.

    Args:
        embeddings: ``[N, V, D]``; with one view (V = 1), there are no ``positives`` and
            ``alignment``.

    Raises:
        ValueError: There are fewer than two samples.
    """
    if len(embeddings) < 2:
        raise ValueError(f'the measures need two samples or more, got {len(embeddings)}')
    directions = F.normalize(embeddings.double(), dim=-1)
    similarities = _pairs(directions[:, 0])
    values = dict(
        spread=spread(embeddings.flatten(0, 1)),
        rank=effective_rank(embeddings[:, 0]),
        negatives=similarities.mean().item(),
        uniformity=(4 * similarities - 4).exp().mean().log().item(),  # -2 |z - z'|^2
    )
    if embeddings.shape[1] > 1:
        positives = torch.stack([_pairs(views).mean() for views in directions]).mean().item()
        values.update(positives=positives, alignment=2 - 2 * positives)
    return values


def _pairs(directions: Tensor) -> Tensor:
    """Return the cosine similarity of each pair of M unit vectors, ``[M * (M - 1) / 2]``."""
    first, second = torch.triu_indices(len(directions), len(directions), offset=1)
    return (directions @ directions.T)[first, second]
