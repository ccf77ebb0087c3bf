"""How far an accuracy measured on n videos, and a difference of two, can be trusted."""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.stats import binomtest, norm, sem, t

__all__ = [
    'group_bootstrap_interval',
    'mean_interval',
    'sign_flip_test',
    'sign_flip_tests',
    'widened_interval',
    'wilson_interval',
]

TINY = 1e-9  # below this, sums of shares are equal
MOST_ENUMERATED = 14  # groups whose 2^n signs are all tried
SIGNS_AT_ONCE = 4096


def wilson_interval(hits: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Compute Wilson's interval of a share ``hits / n`` of independent samples.

    Args:
        hits: The number of hits, or the sum of values in [0, 1]: these vary less than hits, so
            that the interval is wide enough.
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


def mean_interval(values: Sequence[float] | np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Compute Student's interval of the mean of few values, such as those of several seeds.

    Args:
        values: Independent measurements of the same, at least two.
        level: The share of such intervals that hold the true mean of normal values.

    Returns:
        Both ends.
    """
    if len(values) < 2:
        raise ValueError(f'needs two values or more, got {len(values)}')
    half = t.ppf((1 + level) / 2, len(values) - 1) * sem(values)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def widened_interval(
    interval: tuple[float, float],
    value: float,
    draws: Sequence[float] | np.ndarray,
    level: float = 0.95,
) -> tuple[float, float]:
    """Widen an interval over samples by what a mean over a few random draws leaves open.

    Both errors are independent, so that the squares of their sizes add up.

    Args:
        interval: Both ends of the interval over the samples.
        value: The mean over samples and draws.
        draws: The mean over the samples of each draw, at least two.
        level: As that of ``interval``.

    Returns:
        Both ends.
    """
    low, high = mean_interval(draws, level)
    half = (high - low) / 2
    return (
        float(value - np.hypot(value - interval[0], half)),
        float(value + np.hypot(interval[1] - value, half)),
    )


def group_bootstrap_interval(
    right: Sequence[float] | np.ndarray,
    groups: Sequence[Hashable],
    level: float = 0.95,
    draws: int = 5000,
    seed: int = 0,
) -> tuple[float, float]:
    """Compute the interval of a mean by drawing whole groups again (percentiles).

    Videos of one group (a scene, a subject, a source) are not independent; the groups are.

    Args:
        right: Whether each sample is a hit, or any other value, such as a difference of two hits.
        groups: The group of each sample; at least two groups.
        level: The share of such intervals that hold the true value.
        draws: The number of draws.
        seed: The seed of the draws.

    Returns:
        Both ends.
    """
    sums, sizes = _by_group(right, groups)
    if len(sums) < 2:
        raise ValueError(f'needs two groups or more, got {len(sums)}')
    # Equal groups are drawn together: most have few distinct sums.
    kinds, counts = np.unique(np.stack([sums, sizes], axis=1), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(sums), counts / len(sums), size=draws)
    shares = drawn @ kinds[:, 0] / (drawn @ kinds[:, 1])
    low, high = np.percentile(shares, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def sign_flip_test(
    differences: Sequence[float] | np.ndarray,
    groups: Sequence[Hashable] | None = None,
    draws: int = 20000,
    seed: int = 0,
) -> float:
    """Test whether two results on the same samples differ, by exchanging them within groups.

    Under the hypothesis that they do not, the sum of a group's differences is as likely with the
    other sign. The p-value is the share of all signs whose total is as far from 0 as the observed
    one. For right and wrong samples without groups this is McNemar's exact test. Up to 14 groups
    with a difference all signs are tried, otherwise some are drawn.

    Args:
        differences: The first result less the second of each sample.
        groups: The group of each sample; None if each is its own.
        draws: The number of signs to draw.
        seed: The seed of the draws.

    Returns:
        The two-sided p-value.
    """
    (p,) = sign_flip_tests([differences], groups, draws, seed)
    return p


def sign_flip_tests(
    differences: Sequence[Sequence[float] | np.ndarray],
    groups: Sequence[Hashable] | None = None,
    draws: int = 20000,
    seed: int = 0,
) -> list[float]:
    """Test many pairs of results on the same samples by :func:`sign_flip_test`, with equal signs.

    Args:
        differences: ``[P, N]``, the first result less the second of each pair and sample.
        groups: The group of each sample; None if each is its own.
        draws: The number of signs to draw.
        seed: The seed of the draws.

    Returns:
        The p-value of each pair.
    """
    sums = [_by_group(own, range(len(own)) if groups is None else groups)[0] for own in differences]
    exact = [_exact_p(own[np.abs(own) > TINY]) for own in sums]
    others = [own for own, p in zip(sums, exact) if p is None]
    drawn = iter(_drawn_p(np.stack(others), draws, seed) if others else ())
    return [float(next(drawn)) if p is None else p for p in exact]


def _exact_p(sums: np.ndarray) -> float | None:
    """Return the p-value of a test of which all signs can be counted; None of others."""
    if not len(sums):
        return 1.0
    size = np.abs(sums)
    if np.ptp(size) < TINY:
        return float(binomtest(int((sums > 0).sum()), len(sums)).pvalue)
    if len(sums) > MOST_ENUMERATED:
        return None
    numbers = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))
    totals = np.abs((1 - 2 * (numbers & 1)) @ size)
    return float((totals >= abs(sums.sum()) - TINY).mean())


def _drawn_p(sums: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return the p-values ``[P]`` of sums ``[P, G]`` by signs that are drawn once for all."""
    rng = np.random.default_rng(seed)
    least = np.abs(sums.sum(axis=1)) - TINY
    as_far = np.zeros(len(sums), int)
    for start in range(0, draws, SIGNS_AT_ONCE):
        number = min(SIGNS_AT_ONCE, draws - start)
        signs = 2.0 * rng.integers(0, 2, (number, sums.shape[1]), np.int8) - 1
        as_far += (np.abs(signs @ sums.T) >= least).sum(axis=0)
    return (1 + as_far) / (1 + draws)


def _by_group(
    values: Sequence[float] | np.ndarray, groups: Sequence[Hashable]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of the values of each group."""
    numbers: dict[Hashable, int] = {}
    group_of = [numbers.setdefault(group, len(numbers)) for group in groups]
    if len(group_of) != len(values):
        raise ValueError(f'needs a group for each sample, got {len(group_of)} for {len(values)}')
    return np.bincount(group_of, weights=np.asarray(values, float)), np.bincount(group_of)
