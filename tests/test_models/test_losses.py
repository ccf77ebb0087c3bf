"""Losses compared with literal loops in float64."""

import math

import pytest
import torch
import torch.nn.functional as F

from vsslbox.models.losses import InfoNCELoss, IntraVideoLoss, info_nce, intra_video_nce

TEMPERATURE = 0.1


def unit(*shape):
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def dot(a, b):
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def softmax_loss(positive, negatives):
    """Return -log of the share of the positive, from scores."""
    total = math.exp(positive) + sum(math.exp(score) for score in negatives)
    return -math.log(math.exp(positive) / total)


def test_info_nce_equals_the_formula():
    query, positive, negatives = unit(5, 8), unit(5, 8), unit(17, 8)
    expected = 0.0
    for q, p in zip(query, positive, strict=True):
        scores = [dot(q, n) / TEMPERATURE for n in negatives]
        expected += softmax_loss(dot(q, p) / TEMPERATURE, scores) / len(query)
    assert info_nce(query, positive, negatives, TEMPERATURE).item() == pytest.approx(
        expected, abs=1e-12
    )
    in_float32 = info_nce(query.float(), positive.float(), negatives.float(), TEMPERATURE)
    assert in_float32.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize('num_others', [1, 2, 4])
def test_intra_video_loss_equals_the_formulas(num_others):
    query, positive, others = unit(5, 8), unit(5, 8), unit(5, num_others, 8)
    pairwise = joint = 0.0
    for q, p, rest in zip(query, positive, others, strict=True):
        same = dot(q, p) / TEMPERATURE
        scores = [dot(q, other) / TEMPERATURE for other in rest]
        joint += softmax_loss(same, scores) / len(query)
        for score in scores:
            pairwise += softmax_loss(same, [score]) / (len(query) * num_others)
    for form, expected in (('pairwise', pairwise), ('joint', joint)):
        loss = intra_video_nce(query, positive, others, TEMPERATURE, form)
        assert loss.item() == pytest.approx(expected, abs=1e-12)
        loss = intra_video_nce(query.float(), positive.float(), others.float(), TEMPERATURE, form)
        assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_losses_are_float32_under_autocast():
    query, positive, negatives = unit(5, 8).float(), unit(5, 8).float(), unit(17, 8).float()
    expected = info_nce(query, positive, negatives, TEMPERATURE)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(info_nce(query, positive, negatives, TEMPERATURE), expected)


def test_loss_weight_scales():
    query, positive, negatives = unit(5, 8), unit(5, 8), unit(5, 2, 8)
    for kind in (InfoNCELoss, IntraVideoLoss):
        one = kind(TEMPERATURE)(query, positive, negatives)
        half = kind(TEMPERATURE, loss_weight=0.5)(query, positive, negatives)
        assert half.item() == pytest.approx(one.item() / 2, rel=1e-12)


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='temperature must be positive'):
        InfoNCELoss(temperature=0)
    with pytest.raises(ValueError, match="'pairwise' or 'joint', got 'both'"):
        IntraVideoLoss(form='both')
