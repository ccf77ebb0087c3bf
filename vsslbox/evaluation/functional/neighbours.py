"""Class votes of nearest neighbours, and hits by chance."""

import numpy as np
from scipy.stats import hypergeom
from torch import Tensor

__all__ = ['chance_of_hit', 'knn_vote']


def chance_of_hit(right: np.ndarray, candidates: np.ndarray, k: int) -> np.ndarray:
    """Compute the chance that k candidates, drawn at random, have a right one among them.

    Args:
        right: The number of right candidates of each query, ``[Q]``.
        candidates: The number of all, ``[Q]``.
        k: The number that is drawn; all if there are fewer.
    """
    return hypergeom.sf(0, candidates, right, np.minimum(k, candidates))


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
