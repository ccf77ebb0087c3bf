"""How far an accuracy measured on n videos can be trusted."""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.stats import norm

__all__ = ['group_bootstrap_interval', 'wilson_interval']


def wilson_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Compute Wilson's interval of a share ``hits / n`` of independent samples.

    Args:
        hits: The number of hits.
        n: The number of samples, at least 1.
        level: The share of such intervals that hold the true value.

    Returns:
        Both ends, in [0, 1].
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f'needs 0 <= hits <= n and n >= 1, got {hits} of {n}')
    z = norm.ppf((1 + level) / 2)
    share, scale = hits / n, 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / scale
    half = z / scale * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0, centre - half)), float(min(1, centre + half))


def group_bootstrap_interval(
    right: Sequence[bool],
    groups: Sequence[Hashable],
    level: float = 0.95,
    draws: int = 5000,
    seed: int = 0,
) -> tuple[float, float]:
    """Compute the interval of a share by drawing whole groups again (percentiles).

    Videos of one group (a scene, a subject, a source) are not independent; the groups are.

    Args:
        right: Whether each sample is a hit.
        groups: The group of each sample; at least two groups.
        level: The share of such intervals that hold the true value.
        draws: The number of draws.
        seed: The seed of the draws.

    Returns:
        Both ends, in [0, 1].
    """
    names, group_of = np.unique([str(group) for group in groups], return_inverse=True)
    if len(names) < 2 or len(group_of) != len(right):
        raise ValueError(f'needs two groups or more and one for each sample, got {len(names)}')
    hits = np.bincount(group_of, weights=np.asarray(right, float))
    sizes = np.bincount(group_of)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    shares = hits[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(shares, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)
