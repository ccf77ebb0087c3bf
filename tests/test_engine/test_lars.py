"""LARS against a literal loop in float64."""

import math

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from vsslbox.engine.optimizers import LARS

LR, MOMENTUM, DECAY, TRUST = 0.5, 0.9, 0.1, 0.001
STEPS = 5


def length(x):
    return math.sqrt(sum(value * value for value in x.flatten().tolist()))


def reference(start, gradients, nesterov=False):
    """The weights after some steps, by the formulas."""
    w, v = start.copy(), np.zeros_like(start)
    for g in gradients:
        rate = LR
        if w.ndim > 1:
            g = g + DECAY * w
            if length(w) > 0 and length(g) > 0:
                rate = LR * TRUST * length(w) / length(g)
        v = MOMENTUM * v + rate * g
        w = w - (MOMENTUM * v + rate * g if nesterov else v)
    return w


@pytest.mark.parametrize('shape', [(4, 3), (2, 3, 1, 3, 3), (6,), ()])
@pytest.mark.parametrize('start_at_zero', [False, True])
@pytest.mark.parametrize('nesterov', [False, True])
def test_steps_equal_the_formulas(shape, start_at_zero, nesterov):
    rng = np.random.default_rng(0)
    start = np.zeros(shape) if start_at_zero else np.asarray(rng.normal(size=shape))
    gradients = [np.asarray(rng.normal(size=shape)) for _ in range(STEPS)]
    parameter = nn.Parameter(torch.tensor(start))
    optimizer = LARS([parameter], LR, MOMENTUM, DECAY, TRUST, nesterov)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        assert torch.equal(parameter.grad, torch.tensor(gradient))  # left as it was
    expected = reference(start, gradients, nesterov)
    assert np.allclose(parameter.detach().numpy(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize('nesterov', [False, True])
def test_vectors_take_the_steps_of_sgd(nesterov):
    """No ratio and no decay, whatever the group says."""
    ours, theirs = (nn.Parameter(torch.arange(3.0, dtype=torch.float64)) for _ in range(2))
    optimizers = (
        LARS([ours], LR, MOMENTUM, DECAY, nesterov=nesterov),
        torch.optim.SGD([theirs], LR, MOMENTUM, nesterov=nesterov),
    )
    for gradient in torch.randn(STEPS, 3, dtype=torch.float64):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_a_state_of_before_nesterov_is_loaded():
    parameter = nn.Parameter(torch.ones(3, 2))
    optimizer = LARS([parameter], LR)
    state = optimizer.state_dict()
    del state['param_groups'][0]['nesterov']
    optimizer.load_state_dict(state)
    parameter.grad = torch.ones(3, 2)
    optimizer.step()
    assert torch.allclose(parameter.detach(), torch.full((3, 2), 1 - LR * TRUST))


def test_no_gradient_no_change():
    silent, dead = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.zeros(2, 2))
    dead.grad = torch.zeros(2, 2)
    LARS([silent, dead], LR, weight_decay=DECAY).step()
    assert torch.equal(silent, torch.ones(2, 2))
    assert torch.equal(dead, torch.zeros(2, 2))  # 0 / 0 is not taken


def test_resuming_equals_going_on():
    gradients = torch.randn(4, 3, 2)
    weights = []
    for resume in (False, True):
        parameter = nn.Parameter(torch.ones(3, 2))
        optimizer = LARS([parameter], LR)
        for step, gradient in enumerate(gradients):
            if resume and step == 2:
                state = optimizer.state_dict()
                optimizer = LARS([parameter], lr=7.0)
                optimizer.load_state_dict(state)
            parameter.grad = gradient
            optimizer.step()
        weights.append(parameter.detach().clone())
    assert torch.equal(*weights)


def test_a_config_builds_it():
    cfg = dict(optimizer=dict(type='vsslbox.LARS', lr=0.3, weight_decay=1e-6))
    wrapper = build_optim_wrapper(nn.Linear(2, 2), cfg)
    assert type(wrapper.optimizer) is LARS
    assert wrapper.param_groups[0]['weight_decay'] == 1e-6


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match='momentum of LARS must not be negative, got -1'):
        LARS([nn.Parameter(torch.ones(1))], LR, momentum=-1)
