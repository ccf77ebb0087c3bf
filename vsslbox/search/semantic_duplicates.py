"""Semantic duplicates: rows whose features point in nearly the same direction."""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.functional import nearest_neighbours, unit_rows
from vsslbox.models.utils.kmeans import kmeans

__all__ = ['keep_first', 'semantic_duplicates']

STEP = 2.0**-24  # cosines are multiples of it, as those of `nearest_neighbours`


def semantic_duplicates(
    features: np.ndarray, threshold: float, num_clusters: int | None = None, seed: int = 0
) -> dict[int, tuple[int, float]]:
    """Find the rows to leave out so that no two that are left have a cosine of the threshold.

    As in SemDeDup, k-means splits the unit vectors into clusters; in each, rows far from the
    centroid come first; and a row whose cosine with an earlier one reaches the threshold is left
    out. It differs in two points, so that its clusters and its order lose nothing:

    * a row is compared only with rows that are kept: a chain ``a ~ b ~ c`` in which ``a`` and ``c``
      differ keeps both of these, whereas SemDeDup keeps ``a`` alone;
    * rows are compared with all earlier clusters that can hold a duplicate: for rows ``x`` of the
      cluster with centroid ``m`` and ``y`` of the one with ``n``, ``|x - y| <= d`` implies
      ``|y - m| <= |y - n| + 2 d`` and ``|y - m| <= r + d``, where ``r`` is the greatest distance
      of the cluster of ``x`` from its centroid and ``d = sqrt(2 - 2 threshold)``.

    Source: Abbas et al., "SemDeDup: Data-efficient learning at web-scale through semantic
    deduplication", arXiv:2303.09540, algorithm A1.

    Args:
        features: ``[N, F]``, finite.
        threshold: The least cosine of duplicates, 1 - epsilon in the paper, above 0 and at most 1.
        num_clusters: The number of clusters, which changes the time and which of two duplicates is
            kept; the square root of N by default.
        seed: The seed of k-means.

    Returns:
        For each row to leave out, the row that is kept instead and their cosine.

    Raises:
        InputError: The threshold or the number of clusters is out of range, or features are not
            finite.
    """
    if not 0 < threshold <= 1:
        raise InputError(f'the threshold must be above 0 and at most 1, got {threshold}')
    count = math.isqrt(len(features)) if num_clusters is None else num_clusters
    if not 1 <= count <= len(features):
        raise InputError(f'{len(features)} rows cannot have {count} clusters')
    if not np.isfinite(features).all():
        raise InputError('features must be finite')
    units = unit_rows(torch.from_numpy(features).double())
    clusters = kmeans(units, count, seed=seed)
    distances = (units - clusters.centroids[clusters.labels]).norm(dim=1)
    reach = math.sqrt(2 - 2 * (threshold - STEP)) + 1e-6  # more than the rounding of distances
    left_out: dict[int, tuple[int, float]] = {}
    kept = torch.zeros(len(units), dtype=torch.bool)
    for number, centroid in enumerate(clusters.centroids):
        rows = (clusters.labels == number).nonzero().flatten()
        if not len(rows):
            continue
        rows = rows[distances[rows].argsort(descending=True, stable=True)]
        others = kept.nonzero().flatten()
        to_centroid = _distances(units[others], centroid)
        near = to_centroid <= (distances[others] + 2 * reach).clamp(max=distances[rows[0]] + reach)
        others = others[near]
        alone = _leave_out(rows, others, units, threshold, left_out)
        kept[_first_of_each(alone, units, threshold, left_out)] = True
    return left_out


def keep_first(pairs: Iterable[tuple[int, int, float]]) -> dict[int, tuple[int, float]]:
    """Choose the rows to leave out so that no pair is left: the later of each, in their order.

    A row is compared only with rows that are kept.

    Args:
        pairs: Two rows and their score each.

    Returns:
        For each row to leave out, the first row that is kept and its pair, and the score.
    """
    earlier = defaultdict(list)
    for first, second, score in pairs:
        earlier[max(first, second)].append((min(first, second), score))
    left_out: dict[int, tuple[int, float]] = {}
    for row in sorted(earlier):
        kept = [pair for pair in sorted(earlier[row]) if pair[0] not in left_out]
        if kept:
            left_out[row] = kept[0]
    return left_out


def _distances(units: Tensor, centroid: Tensor) -> Tensor:
    """Return the distances of unit vectors, or zeros, to a point."""
    squares = units.square().sum(dim=1) + centroid.square().sum() - 2 * (units @ centroid)
    return squares.clamp_(min=0).sqrt_()


def _leave_out(
    rows: Tensor,
    others: Tensor,
    units: Tensor,
    threshold: float,
    left_out: dict[int, tuple[int, float]],
) -> Tensor:
    """Leave out the rows that have a duplicate among others, and return the rest."""
    if not len(others):
        return rows
    cosines, places = nearest_neighbours(units[rows], units[others], 1)
    is_double = cosines[:, 0] >= threshold
    for row, place, cosine in zip(
        rows[is_double].tolist(), places[is_double, 0].tolist(), cosines[is_double, 0].tolist()
    ):
        left_out[row] = int(others[place]), cosine
    return rows[~is_double]


def _first_of_each(
    rows: Tensor, units: Tensor, threshold: float, left_out: dict[int, tuple[int, float]]
) -> list[int]:
    """Leave out the rows that have a duplicate among earlier ones, and return those kept."""
    kept, rest = [], rows
    while len(rest):
        first, rest = int(rest[0]), rest[1:]
        kept.append(first)
        cosines = (units[rest] @ units[first]).div_(STEP).round_().mul_(STEP)
        is_double = cosines >= threshold
        left_out.update(
            (row, (first, cosine))
            for row, cosine in zip(rest[is_double].tolist(), cosines[is_double].tolist())
        )
        rest = rest[~is_double]
    return kept
