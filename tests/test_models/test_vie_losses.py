"""VIE's losses compared with literal loops in float64, by hand, and in their limits."""

import math

import pytest
import torch
import torch.nn.functional as F

from vsslbox.models.losses import (
    InstanceRecognitionLoss,
    LocalAggregationLoss,
    instance_nce,
    local_aggregation,
)
from vsslbox.models.memories import FeatureBank

TEMPERATURE = 0.07


def unit(*shape):
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def dot(a, b):
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def bank_of(features, labels=None):
    bank = FeatureBank(*features.shape, num_clusterings=1 if labels is None else len(labels))
    bank = bank.to(features.dtype)
    bank.features.copy_(features)
    if labels is not None:
        bank.labels.copy_(labels)
    return bank


def literal_nce(embedding, positive, noise, num_entries):
    total = 0.0
    normalizer = 2876934.2 / 1281167 * num_entries
    density = noise.shape[1] / num_entries
    for e, own, drawn in zip(embedding, positive, noise, strict=True):
        p = math.exp(dot(e, own) / TEMPERATURE) / normalizer
        total += math.log(p / (p + density + 1e-7))
        for other in drawn:
            p = math.exp(dot(e, other) / TEMPERATURE) / normalizer
            total += math.log(density / (p + density + 1e-7))
    return -total / len(embedding)


def literal_aggregation(embedding, indices, entries, labels, background_size):
    total = 0.0
    for e, index in zip(embedding, indices.tolist(), strict=True):
        scores = [dot(e, entry) for entry in entries]
        background = sorted(range(len(scores)), key=lambda j: -scores[j])[:background_size]
        close = {
            j
            for clustering in labels.tolist()
            for j in range(len(scores))
            if clustering[j] == clustering[index]
        }
        both = sum(math.exp(scores[j] / TEMPERATURE) for j in background if j in close)
        every = sum(math.exp(scores[j] / TEMPERATURE) for j in background)
        total += math.log(both / every + 1e-7)
    return -total / len(embedding)


@pytest.mark.parametrize(('num_noise', 'num_entries'), [(17, 40), (64, 9), (1, 240000)])
def test_nce_equals_the_formula(num_noise, num_entries):
    embedding, positive, noise = unit(5, 8), unit(5, 8), unit(5, num_noise, 8)
    expected = literal_nce(embedding, positive, noise, num_entries)
    loss = instance_nce(embedding, positive, noise, num_entries, TEMPERATURE)
    assert loss.item() == pytest.approx(expected, abs=1e-10)
    inputs = (embedding.float(), positive.float(), noise.float())
    loss = instance_nce(*inputs, num_entries, TEMPERATURE)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_nce_by_hand():
    """With scores of 0 and as many draws as entries: p = 1 / Z, K / V = 1."""
    zero, one = torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    p = 1281167 / 2876934.2 / 3
    expected = -math.log(p / (p + 1 + 1e-7)) - 3 * math.log(1 / (p + 1 + 1e-7))
    loss = instance_nce(zero, one, one.expand(1, 3, 2), 3, TEMPERATURE)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_noise_is_uniform_over_the_bank_and_each_samples_own():
    """A drawn entry receives the gradient of the sample that drew it."""
    bank = bank_of(unit(10, 4))
    features = bank.features.detach().clone().requires_grad_()
    bank.features = features
    drawn = torch.zeros(10)
    for _ in range(200):
        loss = InstanceRecognitionLoss(num_noise=3)(unit(1, 4), torch.tensor([0]), bank)
        (gradient,) = torch.autograd.grad(loss, features)
        drawn += (gradient != 0).any(dim=1)
    assert drawn[0] == 200  # the own entry
    share = 200 * (1 - 0.9**3)
    assert (drawn[1:] - share).abs().max() < 5 * math.sqrt(share)


@pytest.mark.parametrize('form', ['nce', 'softmax'])
def test_recognition_draws_from_the_bank(form):
    features = unit(12, 8)
    embedding, indices = unit(5, 8), torch.tensor([3, 0, 3, 11, 7])
    bank = bank_of(features)
    torch.manual_seed(4)
    loss = InstanceRecognitionLoss(6, form=form, loss_weight=0.5)(embedding, indices, bank)
    torch.manual_seed(4)
    noise = features[torch.randint(12, (5, 6))]
    if form == 'nce':
        expected = literal_nce(embedding, features[indices], noise, 12)
    else:
        expected = 0.0
        for e, own, drawn in zip(embedding, features[indices], noise, strict=True):
            scores = [math.exp(dot(e, v) / TEMPERATURE) for v in (own, *drawn)]
            expected -= math.log(scores[0] / sum(scores)) / 5
    assert loss.item() == pytest.approx(expected / 2, abs=1e-10)


@pytest.mark.parametrize('num_clusterings', [1, 3])
@pytest.mark.parametrize('background_size', [1, 6, 20])
def test_aggregation_equals_the_formula(num_clusterings, background_size):
    embedding, entries = unit(5, 8), unit(20, 8)
    indices = torch.tensor([3, 0, 3, 19, 7])
    labels = torch.randint(4, (num_clusterings, 20))
    args = (indices, entries, labels, background_size)
    expected = literal_aggregation(embedding, *args)
    loss = local_aggregation(embedding, *args, TEMPERATURE)
    assert loss.item() == pytest.approx(expected, abs=1e-10)
    loss = LocalAggregationLoss(background_size, loss_weight=0.5)(
        embedding.float(), indices, bank_of(entries.float(), labels)
    )
    assert loss.item() == pytest.approx(expected / 2, rel=1e-4)


def test_aggregation_by_hand():
    """Entries with scores tau * log 1, 2, 3, 4; the nearest three; one cluster of 4 and 2."""
    scores = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64).log() * TEMPERATURE
    embedding = torch.ones(1, 1, dtype=torch.float64)
    labels = torch.tensor([[0, 1, 0, 1]])
    loss = local_aggregation(embedding, torch.tensor([1]), scores[:, None], labels, 3, TEMPERATURE)
    assert loss.item() == pytest.approx(-math.log(6 / 9 + 1e-7), rel=1e-12)


def test_no_close_entry_in_the_background():
    """The loss is that of the constant, and there is no gradient."""
    entries = torch.eye(3, dtype=torch.float64)
    embedding = entries[:1].clone().requires_grad_()
    labels = torch.tensor([[0, 1, 2]])
    loss = local_aggregation(embedding, torch.tensor([2]), entries, labels, 2, TEMPERATURE)
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(1e-7), rel=1e-12)
    assert not embedding.grad.any()


def test_every_video_its_own_cluster():
    """Over the whole bank, the loss is the softmax of the own entry."""
    embedding, entries = unit(6, 8), unit(15, 8)
    indices = torch.tensor([3, 0, 3, 14, 7, 1])
    loss = local_aggregation(embedding, indices, entries, torch.arange(15)[None], 15, TEMPERATURE)
    softmax = (embedding @ entries.T / TEMPERATURE).softmax(dim=1)[range(6), indices]
    assert loss.item() == pytest.approx(-(softmax + 1e-7).log().mean().item(), rel=1e-9)


def test_one_cluster_of_all():
    embedding, entries = unit(6, 8), unit(15, 8)
    labels = torch.zeros(1, 15, dtype=torch.long)
    loss = local_aggregation(embedding, torch.arange(6), entries, labels, 5, TEMPERATURE)
    assert loss.item() == pytest.approx(0, abs=2e-7)


def test_a_second_clustering_only_adds_to_the_close_set():
    embedding, entries = unit(6, 8), unit(15, 8)
    labels = torch.randint(5, (2, 15))
    losses = [
        local_aggregation(embedding, torch.arange(6), entries, chosen, 15, TEMPERATURE)
        for chosen in (labels[:1], labels[1:], labels)
    ]
    assert losses[2] < min(losses[:2])


def test_gradient_of_aggregation():
    embedding, entries = unit(3, 4).requires_grad_(), unit(9, 4)
    labels = torch.randint(3, (2, 9))
    assert torch.autograd.gradcheck(
        lambda e: local_aggregation(e, torch.arange(3), entries, labels, 9, 0.5), embedding
    )


def test_losses_are_float32_under_autocast():
    embedding, entries = unit(5, 8).float(), unit(20, 8).float()
    indices, labels = torch.arange(5), torch.randint(4, (1, 20))
    noise = entries[torch.randint(20, (5, 7))]

    def both():
        nce = instance_nce(embedding, entries[:5], noise, 20, TEMPERATURE)
        return nce, local_aggregation(embedding, indices, entries, labels, 8, TEMPERATURE)

    expected = both()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert both() == expected


def test_wrong_values_are_refused():
    for kind in (InstanceRecognitionLoss, LocalAggregationLoss):
        with pytest.raises(ValueError, match='temperature must be positive'):
            kind(temperature=0)
    with pytest.raises(ValueError, match="'nce' or 'softmax', got 'both'"):
        InstanceRecognitionLoss(form='both')
    with pytest.raises(ValueError, match='num_noise must be at least 1'):
        InstanceRecognitionLoss(num_noise=0)
    args = (unit(2, 4), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match='no clusters yet: add `dict'):
        LocalAggregationLoss(4)(*args, bank_of(unit(6, 4)))
    clustered = bank_of(unit(6, 4), torch.zeros(1, 6, dtype=torch.long))
    with pytest.raises(ValueError, match=r'`background_size=7` .* more than the 6 videos'):
        LocalAggregationLoss(7)(*args, clustered)
