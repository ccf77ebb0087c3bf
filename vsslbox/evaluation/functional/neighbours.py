"""Recall and class votes of nearest neighbours."""

from torch import Tensor

__all__ = ['knn_vote', 'recall_at']


def recall_at(right: Tensor, ks: tuple[int, ...]) -> dict[int, float]:
    """Compute the share of queries, in percent, with a right candidate among the first k.

    Args:
        right: Whether each neighbour, the nearest first, is a right one; bool ``[Q, K]``.
        ks: The values of k; one above K counts as K.
    """
    return {k: 100 * right[:, :k].any(dim=1).double().mean().item() for k in ks}


def knn_vote(
    similarities: Tensor, neighbour_labels: Tensor, num_classes: int, temperature: float
) -> Tensor:
    """Return the class that neighbours vote for, each with weight exp(similarity / temperature).

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    section 3.4.

    Args:
        similarities: ``[Q, K]``; minus infinity has no vote.
        neighbour_labels: Class ids, ``[Q, K]``.
        num_classes: The number of classes.
        temperature: tau.

    Returns:
        Class ids, ``[Q]``; -1 where no neighbour has a vote.
    """
    # A common factor changes nothing.
    weights = (similarities.double() / temperature).softmax(dim=1)
    votes = weights.new_zeros(len(weights), num_classes)
    voted = votes.scatter_add_(1, neighbour_labels, weights).argmax(dim=1)
    return voted.masked_fill_(similarities.isneginf().all(dim=1), -1)
