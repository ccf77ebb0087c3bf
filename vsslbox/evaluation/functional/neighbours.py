"""Nearest neighbours by cosine similarity, and what they tell."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['knn_vote', 'nearest_neighbours', 'recall_at']


def nearest_neighbours(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    query_groups: Tensor | None = None,
    gallery_groups: Tensor | None = None,
    chunk_size: int = 1024,
) -> tuple[Tensor, Tensor]:
    """The most similar candidates of each query, by cosine similarity.

    Args:
        queries: ``[Q, F]``.
        gallery: ``[G, F]``.
        k: How many; at most G are given.
        query_groups: ``[Q]``; candidates of a query's own group are left out.
        gallery_groups: ``[G]``.
        chunk_size: Queries that are compared at a time; memory grows with ``chunk_size * G``.

    Returns:
        Similarities and indices, ``[Q, min(k, G)]`` each, the most similar first. Where a query
        has fewer candidates, the similarity of the rest is minus infinity.
    """
    queries, gallery = F.normalize(queries, dim=1), F.normalize(gallery, dim=1)
    k = min(k, len(gallery))
    similarities, indices = [], []
    for start in range(0, len(queries), chunk_size):
        rows = slice(start, start + chunk_size)
        scores = queries[rows] @ gallery.T
        if query_groups is not None:
            scores[query_groups[rows, None] == gallery_groups] = -torch.inf
        values, where = scores.topk(k, dim=1)
        similarities.append(values)
        indices.append(where)
    return torch.cat(similarities), torch.cat(indices)


def recall_at(right: Tensor, ks: tuple[int, ...]) -> dict[int, float]:
    """The share of queries, in percent, with a right candidate among the first k.

    Args:
        right: Whether each neighbour, the nearest first, is a right one; bool ``[Q, K]``.
        ks: The values of k; one above K counts as K.
    """
    return {k: 100 * right[:, :k].any(dim=1).double().mean().item() for k in ks}


def knn_vote(
    similarities: Tensor, neighbour_labels: Tensor, num_classes: int, temperature: float
) -> Tensor:
    """The class for which the neighbours vote, each with the weight exp(similarity / temperature).

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    section 3.4.

    Args:
        similarities: ``[Q, K]``; minus infinity has no vote.
        neighbour_labels: Class ids, ``[Q, K]``.
        num_classes: How many classes there are.
        temperature: tau.

    Returns:
        Class ids, ``[Q]``.
    """
    weights = (similarities.double() / temperature).softmax(
        dim=1
    )  # a common factor changes nothing
    votes = weights.new_zeros(len(weights), num_classes)
    return votes.scatter_add_(1, neighbour_labels, weights).argmax(dim=1)
