"""Training of several heads in one pass: each is trained as if it were alone, by the formulas."""

import copy
import math

import pytest
import torch
from torch import nn

from vsslbox.evaluation.functional import attentive_probes
from vsslbox.evaluation.functional.attentive_probes import (
    ProbeSetting,
    cosine_to_zero,
    predict_with_probes,
    train_probes,
)
from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead

SETTINGS = [ProbeSetting(1e-2, 0.1), ProbeSetting(1e-3, 0.8), ProbeSetting(3e-2, 0.0)]


def task(depth):
    """A head in float64 with random weights, tokens of 7 samples, and their labels."""
    head = AttentiveProbeHead(12, 4, depth=depth, num_heads=3).double()
    for parameter in head.parameters():
        nn.init.normal_(parameter, std=0.3)
    return head, torch.randn(7, 5, 12, dtype=torch.float64), torch.randint(4, (7,))


@pytest.mark.parametrize('depth', [1, 3])
def test_heads_in_one_pass_equal_heads_alone(depth):
    start, tokens, labels = task(depth)
    together = [copy.deepcopy(start) for _ in SETTINGS]
    train_probes(together, SETTINGS, tokens.__getitem__, labels, epochs=5, batch_size=3, seed=1)
    for head, setting in zip(together, SETTINGS):
        alone = copy.deepcopy(start)
        train_probes([alone], [setting], tokens.__getitem__, labels, 5, 3, seed=1)
        for own, other in zip(head.parameters(), alone.parameters()):
            torch.testing.assert_close(own, other, rtol=0, atol=1e-12)
        predicted = predict_with_probes([alone], tokens.__getitem__, 7, batch_size=4)
        assert torch.equal(predicted[0], alone(tokens).argmax(dim=1))
    found = predict_with_probes(together, tokens.__getitem__, 7, batch_size=2)
    assert torch.equal(found, torch.stack([head(tokens).argmax(dim=1) for head in together]))


@pytest.mark.parametrize('depth', [1, 2])
def test_a_step_is_adamw_on_all_parameters_with_a_cosine(depth):
    """By the formulas of AdamW: decoupled decay, betas 0.9 and 0.999, epsilon 1e-8."""
    head, tokens, labels = task(depth)
    trained, (lr, decay) = copy.deepcopy(head), SETTINGS[0]
    train_probes([trained], [SETTINGS[0]], tokens.__getitem__, labels, 4, batch_size=4, seed=5)

    generator, step, steps = torch.Generator().manual_seed(5), 0, 4 * 2
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in head.parameters()]
    for _ in range(4):
        order = torch.randperm(7, generator=generator)
        for batch in (order[:4], order[4:]):
            scores = torch.stack([head(tokens[n : n + 1])[0] for n in batch.tolist()])
            loss = 0
            for row, label in zip(scores, labels[batch]):
                loss -= (row[label].exp() / row.exp().sum()).log() / len(batch)
            gradients = torch.autograd.grad(loss, list(head.parameters()))
            step += 1
            rate = lr * (1 + math.cos(math.pi * step / steps)) / 2
            for weight, gradient, (first, second) in zip(head.parameters(), gradients, moments):
                first.mul_(0.9).add_(0.1 * gradient)
                second.mul_(0.999).add_(0.001 * gradient**2)
                change = first / (1 - 0.9**step) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
                weight.data = weight.data - rate * decay * weight.data - rate * change
    for own, other in zip(trained.parameters(), head.parameters()):
        torch.testing.assert_close(own, other, rtol=0, atol=1e-9)


def test_the_rate_falls_along_half_a_cosine_to_0():
    rates = [cosine_to_zero(step, 10) for step in range(10)]
    assert rates == pytest.approx([math.cos(math.pi * t / 20) ** 2 for t in range(1, 11)])
    assert rates[4] == pytest.approx(0.5) and rates[-1] == 0


def test_a_batch_that_does_not_fit_into_memory_is_split(monkeypatch):
    start, tokens, labels = task(1)
    whole, split = ([copy.deepcopy(start)] for _ in range(2))
    train_probes(whole, SETTINGS[:1], tokens.__getitem__, labels, 3, batch_size=5)
    read = []
    monkeypatch.setattr(attentive_probes, 'MOST_TOKENS', 2 * 5 * 12 * 8)
    train_probes(
        split, SETTINGS[:1], lambda n: read.append(len(n)) or tokens[n], labels, 3, batch_size=5
    )
    assert set(read) == {1, 2}
    for own, other in zip(whole[0].parameters(), split[0].parameters()):
        torch.testing.assert_close(own, other, rtol=0, atol=1e-12)
