"""k-means on the device of the points."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslbox.compat import has_onednn_product, onednn_product
from vsslbox.errors import InputError
from vsslbox.models.utils.precision import at_least_float32

__all__ = ['KMeansResult', 'assign', 'kmeans', 'update_centroids']

# Rows that are compared with all centroids at once: on a CPU their scores stay in a core's cache; a
# GPU rather has few calls.
CHUNK = 64
GPU_CHUNK = 4096
# Centroids per group. Finding the smallest distance without its index takes a tenth of the time, so
# it comes first, for each group.
GROUP = 64


class KMeansResult(NamedTuple):
    """A clustering.

    Attributes:
        labels: The nearest centroid of each point, ``[N]``.
        centroids: ``[K, D]``.
        inertia: The sum over the points of the squared distance to their centroid.
    """

    labels: Tensor
    centroids: Tensor
    inertia: float


@torch.no_grad()
def kmeans(
    points: Tensor,
    num_clusters: int,
    num_iters: int = 20,
    seed: int = 0,
    init: Tensor | None = None,
) -> KMeansResult:
    """Cluster points by Lloyd's algorithm in the Euclidean distance.

    The same points and seed give the same result on the same kind of device.

    Source: Lloyd, "Least squares quantization in PCM", method I.

    Args:
        points: ``[N, D]``.
        num_clusters: K.
        num_iters: The most moves of the centroids; fewer if they come to rest.
        seed: The seed of the draw of K points at which the centroids start.
        init: The centroids to start with instead, ``[K, D]``.

    Raises:
        InputError: There are fewer points than clusters.
    """
    if len(points) < num_clusters:
        raise InputError(
            f'{len(points)} points do not fill {num_clusters} clusters: lower `num_clusters`'
        )
    points = at_least_float32(points)
    centroids = _draw(points, num_clusters, seed) if init is None else init.to(points)
    labels, distances = assign(points, centroids)
    for _ in range(num_iters):
        centroids = update_centroids(points, labels, distances, centroids)
        before = labels
        labels, distances = assign(points, centroids)
        if torch.equal(labels, before):
            break
    inertia = (points - centroids[labels]).square().sum(dtype=torch.float64).item()
    return KMeansResult(labels, centroids, inertia)


def assign(points: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Find the nearest centroid of each point.

    Args:
        points: ``[N, D]``.
        centroids: ``[K, D]``.

    Returns:
        The indices of the centroids and the squared distances to them, both ``[N]``.
    """
    padding = -len(centroids) % GROUP
    norms = F.pad(centroids.square().sum(dim=1), (0, padding), value=torch.inf)
    chunk = CHUNK if points.device.type == 'cpu' else GPU_CHUNK
    scores_of = _scorer(F.pad(centroids, (0, 0, 0, padding)), norms, chunk)
    distances = points.new_empty(len(points))
    labels = torch.empty(len(points), dtype=torch.long, device=points.device)
    for start in range(0, len(points), chunk):
        rows = slice(start, start + chunk)
        groups = scores_of(points[rows]).unflatten(1, (-1, GROUP))
        distances[rows], group = groups.amin(dim=2).min(dim=1)
        within = groups[torch.arange(len(group), device=points.device), group].argmin(dim=1)
        labels[rows] = group * GROUP + within
    return labels, distances.add_(points.square().sum(dim=1)).clamp_(min=0)


def _scorer(centroids: Tensor, norms: Tensor, chunk: int) -> Callable[[Tensor], Tensor]:
    """Return a function of up to ``chunk`` points x that computes ``|c|^2 - 2 x c``, ``[M, K]``."""
    if has_onednn_product(centroids):
        return onednn_product(-2 * centroids, chunk, norms)
    buffer = centroids.new_empty(chunk, len(centroids))
    return lambda rows: torch.addmm(norms, rows, centroids.T, alpha=-2, out=buffer[: len(rows)])


def update_centroids(
    points: Tensor, labels: Tensor, distances: Tensor, centroids: Tensor
) -> Tensor:
    """Move each centroid to the mean of its points.

    A cluster without points takes one of the points that are farthest from their centroids; the
    point leaves its cluster.

    Args:
        points: ``[N, D]``.
        labels: The cluster of each point, ``[N]``.
        distances: The squared distance of each point to its centroid, ``[N]``.
        centroids: The centroids, ``[K, D]``.

    Returns:
        The new centroids, ``[K, D]``.
    """
    counts = labels.bincount(minlength=len(centroids))
    empty = (counts == 0).nonzero().flatten()
    if len(empty):
        farthest = distances.argsort(descending=True, stable=True)[: len(empty)]
        labels = labels.index_copy(0, farthest, empty)
        counts = labels.bincount(minlength=len(centroids))
    # Sums in the order of the points; index_add_ would add in any order on a GPU.
    means = F.embedding_bag(
        labels.argsort(stable=True), points, counts.cumsum(dim=0) - counts, mode='mean'
    )
    return torch.where(counts[:, None] > 0, means, centroids)


def _draw(points: Tensor, count: int, seed: int) -> Tensor:
    """Draw some of the points, the same on every device."""
    generator = torch.Generator().manual_seed(seed)
    return points[torch.randperm(len(points), generator=generator)[:count].to(points.device)]
