"""Embedding of features in the plane."""

import numpy as np
import torch
from sklearn.manifold import TSNE

from vsslbox.evaluation.functional import unit_rows

__all__ = ['embed']

MOST_POINTS = 2000  # t-SNE takes about 10 s for them
FEWEST_POINTS = 5


def embed(features: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Embed features in the plane by t-SNE of their directions.

    Args:
        features: ``[N, F]``.
        seed: The seed of t-SNE and of the choice of videos.

    Returns:
        The indices of at most 2000 chosen videos, ``[P]``, and their positions ``[P, 2]``; P is 0
        for fewer than five videos.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(features))[:MOST_POINTS])
    if len(chosen) < FEWEST_POINTS:
        return chosen[:0], np.empty((0, 2))
    units = unit_rows(torch.from_numpy(features[chosen])).numpy()
    # Equal features have no principal components.
    init = 'pca' if min(units.shape) > 1 and np.ptp(units, axis=0).any() else 'random'
    perplexity = min(30.0, (len(chosen) - 1) / 3)
    return chosen, TSNE(perplexity=perplexity, init=init, random_state=seed).fit_transform(units)
