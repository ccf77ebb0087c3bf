"""Exact nearest neighbours by cosine similarity, in a gallery that may lie on disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from vsslbox.compat import has_onednn_product, onednn_product
from vsslbox.errors import InputError
from vsslbox.evaluation.functional.best_scores import BestScores

__all__ = ['nearest_neighbours']

MATMUL = torch.backends.cuda.matmul
# What the candidates are searched in. Queries whose neighbours the error bound of one leaves
# unsure go on to the next; float64 leaves none.
PRECISIONS = {
    'float32': (torch.float32, torch.float64),
    'bfloat16': (torch.bfloat16, torch.float32, torch.float64),
}
# Candidates for k neighbours. The larger the errors, the more of them it takes to be sure.
COUNTS = {
    torch.bfloat16: lambda k: 3 * k + 32,
    torch.float32: lambda k: k + 16,
    torch.float64: lambda k: k,
}
# torch 2.9 has another name for `allow_tf32`, and refuses the one where the other was set.
FLOAT32 = 'fp32_precision' if hasattr(MATMUL, 'fp32_precision') else 'allow_tf32'
FULL_PRECISION = {
    FLOAT32: 'ieee' if FLOAT32 == 'fp32_precision' else False,
    'allow_bf16_reduced_precision_reduction': False,
}
STEP = 2.0**-24  # similarities are multiples of it, which float32 can hold
TIE = 2.0**-52  # what each place in the gallery counts among equal similarities
TINY = 1e-12  # the least norm that is divided by


class _Candidates(NamedTuple):
    """The best candidates of some queries, and all that is known of the others.

    Attributes:
        highest: The highest similarities that they may have, in falling order, float64 ``[Q, C]``;
            minus infinity is none.
        indices: Places in the gallery, ``[Q, C]``.
    """

    highest: Tensor
    indices: Tensor


@contextmanager
def _full_precision() -> Iterator[None]:
    """No shortcuts in the products of a GPU: the error bound knows of none."""
    saved = {name: getattr(MATMUL, name) for name in FULL_PRECISION}
    try:
        for name, value in FULL_PRECISION.items():
            setattr(MATMUL, name, value)
        yield
    finally:
        for name, value in saved.items():
            setattr(MATMUL, name, value)


@torch.no_grad()
@_full_precision()
def nearest_neighbours(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    query_groups: Tensor | None = None,
    gallery_groups: Tensor | None = None,
    precision: str = 'float32',
    block_size: int = 4096,
    chunk_size: int = 1024,
) -> tuple[Tensor, Tensor]:
    """The most similar candidates of each query, by cosine similarity.

    A similarity is computed in float64 and rounded to a multiple of 2**-24; among equal ones the
    first of the gallery comes first. So neither the precision nor the sizes of blocks and chunks
    change the result: matrix products find more candidates than are asked for, which are ranked by
    their similarities proper; where the products' error bound does not rule out all others, the
    query is searched again in the next higher precision.

    The gallery may be a memory-mapped file, such as ``torch.from_file`` gives: it is read from
    start to end for each block of queries, and row by row for the candidates. Beside the arguments
    and the result, memory holds at most ``block_size * (44 * chunk_size + 16 * F + 500 * (k + 11))
    + 16 * chunk_size * F`` bytes, whatever the sizes of the gallery and the query set: 460 MiB for
    F = 2048, k = 50 and the default sizes. Most of it is for the worst order of the gallery, and
    usually half is used.

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
        InputError: There is no such precision, or features are not finite.
    """
    if precision not in PRECISIONS:
        raise InputError(f'precision must be one of {sorted(PRECISIONS)}, got {precision!r}')
    k = min(k, len(gallery))
    similarities = torch.full((len(queries), k), -torch.inf, device=queries.device)
    indices = torch.zeros_like(similarities, dtype=torch.long)
    unsure = torch.arange(len(queries), device=queries.device)
    _norms('queries', queries, torch.float64)
    for dtype in PRECISIONS[precision]:
        if not len(unsure):
            break
        count = min(COUNTS[dtype](k), len(gallery))
        left = []
        for rows in unsure.split(block_size):
            own = None if query_groups is None else query_groups[rows]
            found = _find_candidates(
                queries[rows], gallery, count, dtype, own, gallery_groups, chunk_size
            )
            similarities[rows], indices[rows] = _rank(queries[rows], gallery, found, k)
            if count < len(gallery):
                left.append(rows[~_is_sure(found, similarities[rows, -1])])
        unsure = torch.cat([unsure[:0], *left])
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
    wide = torch.promote_types(dtype, torch.float32)
    units = torch.empty_like(queries, dtype=wide)
    left, query_errors = _unit('queries', queries, units, dtype)
    units = units.new_empty(min(chunk_size, len(gallery)), queries.shape[1])
    multiply = _multiplier(left, len(units))
    best = BestScores(len(queries), count, left)
    gallery_error = 0.0
    for start in range(0, len(gallery), chunk_size):
        chunk = gallery[start : start + chunk_size]
        right, errors = _unit('gallery', chunk, units[: len(chunk)], dtype, start)
        gallery_error = max(gallery_error, float(errors.max()))
        products = multiply(right)
        if query_groups is not None:
            same = gallery_groups[start : start + chunk_size, None] == query_groups
            products.masked_fill_(same, -torch.inf)
        if dtype == torch.float64:
            places = torch.arange(start, start + len(chunk), device=products.device)
            _make_rankable(products, places[:, None])
        best.add(products, start)
    scores, indices = best.result()
    # With q' and g' for q and g as rounded: <q, g> - <q', g'> = <q - q', g> + <q', g - g'>
    errors = query_errors + (1 + query_errors) * gallery_error
    return _Candidates(_highest(scores, errors, queries.shape[1]), indices)


def _unit(
    name: str, rows: Tensor, out: Tensor, dtype: torch.dtype, start: int = 0
) -> tuple[Tensor, Tensor]:
    """Scale rows to the length 1 and round them.

    Args:
        name: What they are.
        rows: ``[N, F]``.
        out: A buffer of at least float32, ``[N, F]``.
        dtype: What to round to.
        start: The number of the first row.

    Returns:
        The rounded rows and the lengths of what rounding took off, ``[N, 1]``.

    Raises:
        InputError: A row is not finite.
    """
    rows = rows.to(out.dtype)
    norms = _norms(name, rows, out.dtype, start)
    torch.mul(rows, norms.clamp_(min=TINY).reciprocal_(), out=out)
    if dtype == out.dtype:
        return out, torch.zeros_like(norms)
    rounded = out.to(dtype)
    return rounded, torch.linalg.vector_norm(out.sub_(rounded), dim=1, keepdim=True)


def _norms(name: str, rows: Tensor, dtype: torch.dtype, start: int = 0) -> Tensor:
    """The lengths of rows, ``[N, 1]``.

    Raises:
        InputError: A row is not finite: it would be the first neighbour of all.
    """
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True, dtype=dtype)
    if not norms.isfinite().all():
        row = start + int(norms.flatten().isfinite().logical_not().nonzero()[0])
        raise InputError(f'row {row} of the {name} (counted from 0) is not finite')
    return norms


def _multiplier(left: Tensor, chunk_size: int) -> Callable[[Tensor], Tensor]:
    """A function that gives ``right @ left.T`` for up to so many rows.

    In float32 on the CPU by oneDNN, which torch takes for other types itself: its products take a
    tenth less time than those of MKL on processors of AMD.
    """
    if left.dtype == torch.float32 and left.device.type == 'cpu' and has_onednn_product():
        return onednn_product(left, chunk_size)
    return lambda right: right @ left.T


def _make_rankable(similarities: Tensor, places: Tensor) -> Tensor:
    """Round similarities in place, and lower each by its place, so that no two are equal.

    Both fit into float64 side by side, for less than 2**27 places.
    """
    return similarities.div_(STEP).round_().mul_(STEP).sub_(places, alpha=TIE)


def _rank(queries: Tensor, gallery: Tensor, found: _Candidates, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest of the candidates, by their similarities in float64."""
    count = found.indices.shape[1]
    rows = gallery.new_empty(count, gallery.shape[1])
    exact = rows.new_empty(rows.shape, dtype=torch.float64)
    similarities = torch.full_like(found.highest, -torch.inf)

    def compare(query: Tensor, places: Tensor) -> Tensor:
        torch.index_select(gallery, 0, places, out=rows[: len(places)])
        candidates = exact[: len(places)].copy_(rows[: len(places)])
        norms = torch.linalg.vector_norm(candidates, dim=1).clamp_(min=TINY)
        return torch.mv(candidates, query).div_(norms)

    sizes = found.highest.isfinite().sum(dim=1).tolist()
    lengths = _norms('queries', queries, torch.float64)
    for query, length, highest, places, own, size in zip(
        queries,
        lengths.clamp_(min=TINY),
        found.highest,
        found.indices,
        similarities,
        sizes,
        strict=True,
    ):
        unit = query.double().div_(length)
        first = min(k, size)
        own[:first] = compare(unit, places[:first])
        if size > k:  # and those that can have a similarity as high as the least of the first k
            reach = int((highest >= own[:k].min() - STEP).sum())
            own[k:reach] = compare(unit, places[k:reach])
    _make_rankable(similarities, found.indices)
    best, order = similarities.topk(k, dim=1)
    indices = found.indices.gather(1, order)
    return best.div_(STEP).round_().mul_(STEP).float(), indices.masked_fill_(best.isneginf(), 0)


def _highest(scores: Tensor, errors: Tensor, dim: int) -> Tensor:
    """The highest similarity that a score may stand for.

    Rounding a product to the scores' type changes it by the unit roundoff times itself at the most.
    Sums of F products and of F squares are wrong by F roundings of float32 each, in whatever order
    they are summed.

    Args:
        scores: ``[Q, C]``.
        errors: How wrong they are because their factors were rounded, ``[Q, 1]``.
        dim: F.

    Returns:
        float64, ``[Q, C]``.
    """
    wide = scores.double()
    # Minus infinity, which is none, stays that. What STEP takes off is far less than the last term.
    rounding = torch.finfo(scores.dtype).eps / 2 * wide.abs().clamp_(max=2)
    return wide + rounding + errors + (dim + 16) * torch.finfo(torch.float32).eps


def _is_sure(found: _Candidates, last: Tensor) -> Tensor:
    """Whether no other than the candidates can reach the similarity of the last neighbour.

    Args:
        found: The candidates.
        last: ``[Q]``.

    Returns:
        bool ``[Q]``.
    """
    others = found.highest[:, -1]
    return (others < last) | others.isneginf()
