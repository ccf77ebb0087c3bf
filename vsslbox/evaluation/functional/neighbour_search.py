"""Exact nearest neighbours by cosine similarity, in a gallery that may lie on disk."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['nearest_neighbours']

# What the candidates are searched in. Queries whose neighbours the error bound of one leaves
# unsure go on to the next; float64 leaves none.
PRECISIONS = {
    'float32': (torch.float32, torch.float64),
    'bfloat16': (torch.bfloat16, torch.float32, torch.float64),
}
# Candidates for k neighbours. The larger the errors, the more of them it takes to be sure.
COUNTS = {
    torch.bfloat16: lambda k: 4 * k + 32,
    torch.float32: lambda k: k + 16,
    torch.float64: lambda k: k,
}
STEP = 2.0**-24  # similarities are multiples of it, which float32 can hold
TIE = 2.0**-52  # what each place in the gallery counts among equal similarities
TINY = 1e-12  # the least norm that is divided by


class _Candidates(NamedTuple):
    """The best candidates of some queries, and all that is known of the others.

    Attributes:
        scores: Inexact similarities, the highest first, ``[Q, C]``; minus infinity is none.
        indices: Places in the gallery, ``[Q, C]``.
    """

    scores: Tensor
    indices: Tensor


@torch.no_grad()
def nearest_neighbours(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    query_groups: Tensor | None = None,
    gallery_groups: Tensor | None = None,
    precision: str = 'float32',
    block_size: int = 4096,
    chunk_size: int = 2048,
) -> tuple[Tensor, Tensor]:
    """The most similar candidates of each query, by cosine similarity.

    A similarity is computed in float64 and rounded to a multiple of 2**-24; among equal ones the
    first of the gallery comes first. So neither the precision nor the sizes of blocks and chunks
    change the result: matrix products find more candidates than are asked for, which are ranked by
    their similarities proper; where the products' error bound does not rule out all others, the
    query is searched again in the next higher precision.

    The gallery may be a memory-mapped file, such as ``torch.from_file`` gives: it is read from
    start to end for each block of queries, and row by row for the candidates. Beside the arguments
    and the result, memory holds at most ``block_size * (44 * chunk_size + 16 * F + 200 * (k + 8))
    + 16 * chunk_size * F`` bytes, whatever the sizes of the gallery and the query set: 590 MiB for
    F = 2048, k = 50 and the default sizes. Most of it is for the worst order of the gallery, and
    usually a third is used.

    Args:
        queries: ``[Q, F]``.
        gallery: ``[G, F]``, on the same device.
        k: How many; at most G are given.
        query_groups: ``[Q]``; candidates of a query's own group are left out.
        gallery_groups: ``[G]``.
        precision: What candidates are searched in, ``'float32'`` or ``'bfloat16'``; the latter is
            faster on processors with instructions for it.
        block_size: Queries that are compared at a time.
        chunk_size: Rows of the gallery that they are compared with at a time.

    Returns:
        Similarities, float32, and indices, ``[Q, min(k, G)]`` each, the most similar first. Where
        a query has fewer candidates, the rest is minus infinity at index 0.

    Raises:
        ValueError: There is no such precision, or features are not finite.
    """
    if precision not in PRECISIONS:
        raise ValueError(f'precision must be one of {sorted(PRECISIONS)}, got {precision!r}')
    k = min(k, len(gallery))
    similarities = torch.full((len(queries), k), -torch.inf, device=queries.device)
    indices = torch.zeros_like(similarities, dtype=torch.long)
    unsure = torch.arange(len(queries), device=queries.device)
    for dtype in PRECISIONS[precision]:
        if not len(unsure):
            break
        left = []
        for rows in unsure.split(block_size):
            own = None if query_groups is None else query_groups[rows]
            count = min(COUNTS[dtype](k), len(gallery))
            found = _find_candidates(
                queries[rows], gallery, count, dtype, own, gallery_groups, chunk_size
            )
            similarities[rows], indices[rows] = _rank(queries[rows], gallery, found, k)
            left.append(rows[~_is_sure(found, similarities[rows, -1], gallery.shape[1])])
        unsure = torch.cat(left)
    return similarities, indices


def _find_candidates(
    queries: Tensor,
    gallery: Tensor,
    count: int,
    dtype: torch.dtype,
    query_groups: Tensor | None,
    gallery_groups: Tensor | None,
    chunk_size: int,
) -> _Candidates:
    """Compare queries with the gallery by products of the given type."""
    chunk_size = min(chunk_size, len(gallery))
    wide = torch.promote_types(dtype, torch.float32)
    left = _unit('queries', queries, queries.new_empty(queries.shape, dtype=wide)).to(dtype)
    units = queries.new_empty(chunk_size, queries.shape[1], dtype=wide)
    products = left.new_empty(len(queries) * chunk_size)
    scores = left.new_full((len(queries), count), -torch.inf)
    indices = torch.zeros_like(scores, dtype=torch.long)
    for start in range(0, len(gallery), chunk_size):
        chunk = gallery[start : start + chunk_size]
        right = _unit('gallery', chunk, units[: len(chunk)], start).to(dtype)
        fresh = products[: len(queries) * len(chunk)].view(len(queries), len(chunk))
        _multiply(left, right, fresh)
        if query_groups is not None:
            same = query_groups[:, None] == gallery_groups[start : start + chunk_size]
            fresh.masked_fill_(same, -torch.inf)
        if dtype == torch.float64:
            places = torch.arange(start, start + len(chunk), device=fresh.device)
            _make_rankable(fresh, places)
        scores, indices = _merge(scores, indices, fresh, start)
    return _Candidates(scores, indices)


def _unit(name: str, rows: Tensor, out: Tensor, start: int = 0) -> Tensor:
    """Scale rows to the length 1, into a buffer of at least float32.

    Raises:
        ValueError: A row is not finite: it would be the first neighbour of all.
    """
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True, dtype=out.dtype)
    if not norms.isfinite().all():
        row = start + int(norms.flatten().isfinite().logical_not().nonzero()[0])
        raise ValueError(f'row {row} of the {name} (counted from 0) is not finite')
    return torch.mul(rows, norms.clamp_(min=TINY).reciprocal_(), out=out)


def _multiply(left: Tensor, right: Tensor, out: Tensor) -> None:
    """``left @ right.T``; by NumPy in float32 on the CPU, whose OpenBLAS suits AMD too."""
    if left.dtype == torch.float32 and left.device.type == 'cpu':
        np.matmul(left.numpy(), right.numpy().T, out=out.numpy())
    else:
        torch.mm(left, right.T, out=out)


def _merge(scores: Tensor, indices: Tensor, fresh: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Take over what a chunk has that is better; few products are, and for few of the queries.

    Args:
        scores: ``[Q, C]``, the highest first.
        indices: ``[Q, C]``.
        fresh: The products of a chunk, ``[Q, N]``.
        start: Where the chunk starts in the gallery.
    """
    count = scores.shape[1]
    touched = (fresh.amax(dim=1) > scores[:, -1]).nonzero().flatten()
    if not len(touched):
        return scores, indices
    if len(touched) < len(fresh):
        fresh = fresh[touched]
    above = fresh > scores[touched, -1:]
    if above.count_nonzero() > len(touched) * count:  # as in the first chunk
        values, columns = fresh.topk(min(count, fresh.shape[1]), dim=1)
    else:
        rows, chosen = above.nonzero(as_tuple=True)
        counts = rows.bincount(minlength=len(touched))
        places = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
        values = fresh.new_full((len(touched), int(counts.max())), -torch.inf)
        columns = torch.zeros_like(values, dtype=torch.long)
        values[rows, places] = fresh[rows, chosen]
        columns[rows, places] = chosen
    best, order = torch.cat([scores[touched], values], dim=1).topk(count, dim=1)
    scores[touched] = best
    merged = torch.cat([indices[touched], columns.add_(start)], dim=1)
    indices[touched] = merged.gather(1, order)
    return scores, indices


def _make_rankable(similarities: Tensor, places: Tensor) -> Tensor:
    """Round similarities in place, and lower each by its place, so that no two are equal.

    Both fit into float64 side by side, for less than 2**27 places.
    """
    return similarities.div_(STEP).round_().mul_(STEP).sub_(places * TIE)


def _rank(queries: Tensor, gallery: Tensor, found: _Candidates, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest of the candidates, by their similarities in float64."""
    similarities = torch.full((len(queries), k), -torch.inf, device=queries.device)
    indices = torch.zeros_like(similarities, dtype=torch.long)
    rows = gallery.new_empty(found.scores.shape[1], gallery.shape[1])
    exact = rows.new_empty(rows.shape, dtype=torch.float64)

    def compare(unit: Tensor, places: Tensor) -> Tensor:
        torch.index_select(gallery, 0, places, out=rows[: len(places)])
        candidates = exact[: len(places)].copy_(rows[: len(places)])
        norms = torch.linalg.vector_norm(candidates, dim=1).clamp_(min=TINY)
        return _make_rankable(torch.mv(candidates, unit).div_(norms), places)

    highest = _highest(found.scores, queries.shape[1])
    counts = found.scores.isfinite().sum(dim=1).tolist()
    for number, (query, count) in enumerate(zip(queries, counts, strict=True)):
        unit = F.normalize(query.double(), dim=0)
        places = found.indices[number, :count]
        values = compare(unit, places[:k])
        if count > k:  # and those whose score can hide a similarity above the least of the first k
            reach = int((highest[number, :count] >= values.min()).sum())
            values = torch.cat([values, compare(unit, places[k:reach])])
        order = values.topk(min(k, count)).indices
        similarities[number, : len(order)] = values[order].div(STEP).round_().mul_(STEP).float()
        indices[number, : len(order)] = places[order]
    return similarities, indices


def _highest(scores: Tensor, dim: int) -> Tensor:
    """The highest similarity that a score of units with so many dimensions may stand for.

    With unit roundoff u, rounding both units to the scores' type changes a product by 2u + u^2 at
    the most, and rounding the product by u times itself. Sums of F products and of F squares are
    wrong by F roundings of float32 each, in whatever order they are summed.

    Returns:
        float64, in the scores' shape.
    """
    wide = scores.double()
    unit = torch.finfo(scores.dtype).eps / 2
    rounding = 2 * unit + unit**2 + (dim + 8) * torch.finfo(torch.float32).eps
    return wide + wide.abs() * unit + rounding


def _is_sure(found: _Candidates, last: Tensor, dim: int) -> Tensor:
    """Whether no other than the candidates can reach the similarity of the last neighbour.

    Args:
        found: The candidates.
        last: ``[Q]``.
        dim: Dimensions of the features.

    Returns:
        bool ``[Q]``.
    """
    lowest = found.scores[:, -1]
    return (_highest(lowest, dim) < last) | lowest.isneginf()
