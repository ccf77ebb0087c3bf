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
# The types to search candidates in. Queries whose neighbours the error bound of one type leaves
# unsure are searched in the next; float64 leaves none.
PRECISIONS = {
    'float32': (torch.float32, torch.float64),
    'bfloat16': (torch.bfloat16, torch.float32, torch.float64),
}
# The number of candidates for k neighbours: larger errors need more of them.
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
TIE = 2.0**-52  # the weight of a place in the gallery, which ranks equal similarities
TINY = 1e-30  # the smallest divisor, whose inverse float32 can hold
SQUARABLE = 1e-15, 1e18  # lengths whose parts have squares that float32 can hold


class _Candidates(NamedTuple):
    """The best candidates of some queries, and a bound for the others.

    Attributes:
        highest: Upper bounds of their similarities, in falling order, float64 ``[Q, C]``; minus
            infinity is none.
        indices: Places in the gallery, ``[Q, C]``.
    """

    highest: Tensor
    indices: Tensor


@contextmanager
def _full_precision() -> Iterator[None]:
    """Switch off reduced precision in a GPU's products, which the error bound excludes."""
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
    """Find the most similar candidates of each query, by cosine similarity.

    Similarities are computed in float64 and rounded to multiples of 2**-24; equal ones are ranked
    by their place in the gallery. Neither the precision nor the sizes of blocks and chunks change
    the result: matrix products find more candidates than needed, which are ranked by their exact
    similarities; where the products' error bound does not exclude all others, the query is searched
    again in the next higher precision.

    The gallery may be a memory-mapped file, such as ``torch.from_file`` gives: it is read from
    start to end for each block of queries, and row by row for the candidates. Beside the arguments
    and the result, memory holds at most ``block_size * (44 * chunk_size + 16 * F + 500 * (k + 11))
    + 16 * chunk_size * F`` bytes, whatever the sizes of the gallery and the query set: 460 MiB for
    F = 2048, k = 50 and the default sizes. Most of it is for the worst order of the gallery, and
    usually half is used.

    Args:
        queries: ``[Q, F]``.
        gallery: ``[G, F]``, on the same device.
        k: The number of neighbours; at most G are returned.
        query_groups: ``[Q]``; candidates of a query's own group are left out.
        gallery_groups: ``[G]``.
        precision: The type to search candidates in, ``'float32'`` or ``'bfloat16'``; the latter is
            faster on processors with instructions for it.
        block_size: The number of queries compared at a time.
        chunk_size: The number of rows of the gallery compared at a time.

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
            if count < len(gallery):  # could others reach the similarity of the last neighbour?
                others = found.highest[:, -1]
                is_sure = (others < similarities[rows, -1]) | others.isneginf()
                left.append(rows[~is_sure])
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
        if query_groups is not None and gallery_groups is not None:
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
        name: Their name in messages.
        rows: ``[N, F]``.
        out: A buffer of at least float32, ``[N, F]``.
        dtype: The type to round to.
        start: The number of the first row.

    Returns:
        The rounded rows and the lengths of the rounding errors, ``[N, 1]``.

    Raises:
        InputError: A row is not finite.
    """
    rows = rows.to(out.dtype)
    norms = _norms(name, rows, out.dtype, start)
    torch.mul(rows, norms.clamp_(min=TINY).reciprocal_().to(out.dtype), out=out)
    if dtype == out.dtype:
        return out, torch.zeros_like(out[:, :1])
    rounded = out.to(dtype)
    return rounded, torch.linalg.vector_norm(out.sub_(rounded), dim=1, keepdim=True)


def _norms(name: str, rows: Tensor, dtype: torch.dtype, start: int = 0) -> Tensor:
    """Compute the lengths of rows, ``[N, 1]``, in float64 where float32 cannot square them.

    Raises:
        InputError: A row is not finite: it would be everyone's first neighbour.
    """
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True, dtype=dtype)
    if len(norms) and not SQUARABLE[0] < norms.min() <= norms.max() < SQUARABLE[1]:
        norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True, dtype=torch.float64)
    if not norms.isfinite().all():
        row = start + int(norms.flatten().isfinite().logical_not().nonzero()[0])
        raise InputError(f'row {row} of the {name} (counted from 0) is not finite')
    return norms


def _multiplier(left: Tensor, chunk_size: int) -> Callable[[Tensor], Tensor]:
    """Return a function that computes ``right @ left.T`` for up to ``chunk_size`` rows.

    In float32 on the CPU it uses oneDNN, as torch does for other types: on AMD's processors its
    products take a tenth less time than those of MKL.
    """
    if has_onednn_product(left):
        return onednn_product(left, chunk_size)
    return lambda right: right @ left.T


def _make_rankable(similarities: Tensor, places: Tensor) -> Tensor:
    """Round similarities in place and lower each by its place, so that no two are equal.

    For fewer than 2**27 places, float64 holds both.
    """
    return similarities.div_(STEP).round_().mul_(STEP).sub_(places, alpha=TIE)


def _rank(queries: Tensor, gallery: Tensor, found: _Candidates, k: int) -> tuple[Tensor, Tensor]:
    """Return the k nearest of the candidates, by their similarities in float64."""
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
        if size > k:  # and those whose bound reaches the lowest of the first k
            reach = int((highest >= own[:k].min() - STEP).sum())
            own[k:reach] = compare(unit, places[k:reach])
    _make_rankable(similarities, found.indices)
    best, order = similarities.topk(k, dim=1)
    indices = found.indices.gather(1, order)
    return best.div_(STEP).round_().mul_(STEP).float(), indices.masked_fill_(best.isneginf(), 0)


def _highest(scores: Tensor, errors: Tensor, dim: int) -> Tensor:
    """Compute the upper bound of the similarity behind each score.

    Rounding a product to the scores' type changes it by at most the unit roundoff times itself.
    Sums of F products and of F squares err by at most F roundings of float32 each, in any order.

    Args:
        scores: ``[Q, C]``.
        errors: The errors from rounding their factors, ``[Q, 1]``.
        dim: F.

    Returns:
        float64, ``[Q, C]``.
    """
    wide = scores.double()
    # Minus infinity, which is none, stays. The rounding to STEP is far below the last term.
    rounding = torch.finfo(scores.dtype).eps / 2 * wide.abs().clamp_(max=2)
    return wide + rounding + errors + (dim + 16) * torch.finfo(torch.float32).eps
