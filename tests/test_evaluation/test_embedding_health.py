"""Measures of embeddings against literal loops, and on embeddings whose measures are known."""

import math
from itertools import combinations

import pytest
import torch

from vsslbox.evaluation.functional import effective_rank, embedding_health, spread


def literal(embeddings):
    """Compute all measures of [N, V, D] by loops over plain numbers."""
    samples = [[[float(x) for x in view] for view in sample] for sample in embeddings]
    unit = [[[x / math.hypot(*view) for x in view] for view in sample] for sample in samples]
    rows = [view for sample in unit for view in sample]
    channels = len(rows[0])
    deviations = []
    for channel in range(channels):
        column = [row[channel] for row in rows]
        mean = sum(column) / len(column)
        deviations.append(math.sqrt(sum((x - mean) ** 2 for x in column) / len(column)))
    distances = [
        sum((a - b) ** 2 for a, b in zip(first[0], second[0]))
        for first, second in combinations(unit, 2)
    ]
    within = [
        sum((a - b) ** 2 for a, b in zip(*pair))
        for sample in unit
        for pair in combinations(sample, 2)
    ]
    # The singular values are the roots of the eigenvalues of the Gram matrix.
    first = torch.tensor([sample[0] for sample in samples], dtype=torch.float64)
    values = [math.sqrt(max(x, 0.0)) for x in torch.linalg.eigvalsh(first.T @ first).tolist()]
    shares = [value / sum(values) for value in values]
    result = dict(
        spread=sum(deviations) / channels * math.sqrt(channels),
        rank=math.exp(-sum(share * math.log(share) for share in shares if share > 0)),
        negatives=1 - sum(distances) / len(distances) / 2,
        uniformity=math.log(sum(math.exp(-2 * d) for d in distances) / len(distances)),
    )
    if within:
        alignment = sum(within) / len(within)
        result.update(positives=1 - alignment / 2, alignment=alignment)
    return result


@pytest.mark.parametrize('shape', [(6, 3, 4), (5, 1, 4), (2, 2, 3)])
def test_all_measures_are_those_of_loops(shape):
    embeddings = torch.randn(*shape, generator=torch.Generator().manual_seed(0)).double() + 0.5
    assert embedding_health(embeddings) == pytest.approx(literal(embeddings), abs=1e-9)


def test_equal_embeddings_have_no_spread_and_rank_one():
    values = embedding_health(torch.tensor([1.0, 2.0, 3.0]).repeat(8, 2, 1))
    expected = dict(spread=0, rank=1, negatives=1, uniformity=0, positives=1, alignment=0)
    assert values == pytest.approx(expected, abs=1e-6)


def test_orthogonal_embeddings_have_full_rank():
    assert effective_rank(3 * torch.eye(7)) == pytest.approx(7)


def test_uniform_embeddings_spread_by_one():
    points = torch.randn(20000, 64, generator=torch.Generator().manual_seed(0))
    assert spread(points) == pytest.approx(1, abs=0.01)


def test_embeddings_of_zeros_have_no_rank():
    assert effective_rank(torch.zeros(4, 3)) == 0
    assert spread(torch.zeros(4, 3)) == 0


def test_one_sample_is_refused():
    with pytest.raises(ValueError, match='two samples or more, got 1'):
        embedding_health(torch.ones(1, 2, 3))
