"""Rows of the length 1, however short they are."""

import math

import pytest
import torch

from vsslbox.evaluation.functional import unit_rows
from vsslbox.evaluation.metrics.temporal_metric import cosine_similarity


@pytest.mark.parametrize('scale', [1e-30, 1e-16, 1.0, 1e30])
def test_equals_the_definition(scale):
    rows = scale * torch.tensor([[3.0, -4.0, 0.0], [1.0, 2.0, 2.0]])
    expected = torch.tensor([[0.6, -0.8, 0.0], [1 / 3, 2 / 3, 2 / 3]], dtype=torch.float64)
    torch.testing.assert_close(unit_rows(rows), expected, rtol=1e-6, atol=0)


def test_zeros_stay_and_what_is_not_finite_shows():
    rows = torch.tensor([[0.0, 0.0], [math.inf, 1.0], [math.nan, 1.0]])
    units = unit_rows(rows)
    assert units[0].tolist() == [0, 0]
    assert units[1:].isnan().any(dim=1).all()


def test_short_features_have_the_similarity_of_their_directions():
    """As those of a random S3D, whose lengths are about 1e-16."""
    rows, others = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0)).double()
    expected = torch.cosine_similarity(rows, others)
    for scale in (1.0, 1e-16):
        found = cosine_similarity((scale * rows).float(), (scale * others).float())
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
