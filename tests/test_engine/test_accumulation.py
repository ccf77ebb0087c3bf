"""What a batch sees when a step accumulates several."""

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper

from tests.test_models.test_processes_equal_one import CONFIGS, batch
from vsslbox.registry import MODELS


def halves(inputs):
    views, samples = inputs
    size = len(samples) // 2
    return [([v[part] for v in views], samples[part]) for part in (slice(size), slice(size, None))]


def gradients(model, inputs):
    model = copy.deepcopy(model)
    sum(model(*inputs, mode='loss').values()).backward()
    return {name: p.grad for name, p in model.named_parameters()}


def accumulated(model, batches):
    """Return the gradients of a step of mmengine's wrapper, and the model after it."""
    model = copy.deepcopy(model)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    wrapper = OptimWrapper(optimizer, accumulative_counts=len(batches))
    wrapper.initialize_count_status(model, 0, len(batches))
    for inputs in batches:
        wrapper.update_params(sum(model(*inputs, mode='loss').values()))
    return {name: start[name] - p.detach() for name, p in model.named_parameters()}, model


def distance(found, expected):
    """Return the length of the difference relative to that of the expected gradient."""
    differences, lengths = (
        torch.cat([value.flatten() for value in values])
        for values in ([found[n] - expected[n] for n in found], list(expected.values()))
    )
    return differences.norm() / lengths.norm()


@pytest.mark.slow
@pytest.mark.parametrize('name', ['CVRL', 'rho-SimCLR', 'SwAV', 'VDIM'])
def test_negatives_and_statistics_are_those_of_one_batch(name):
    torch.manual_seed(0)
    model = MODELS.build(CONFIGS[name]).double().train()
    if name == 'SwAV':
        model.frozen_steps = 0
    inputs = batch(name, torch.Generator().manual_seed(0))
    parts = [gradients(model, half) for half in halves(inputs)]
    found, after = accumulated(model, halves(inputs))
    mean = {n: sum(part[n] for part in parts) / 2 for n in found}
    torch.testing.assert_close(found, mean, rtol=1e-8, atol=1e-10)
    assert distance(found, gradients(model, inputs)) > 0.05
    counts = [b for n, b in after.named_buffers() if n.endswith('num_batches_tracked')]
    views = 1 if name in ('CVRL', 'VDIM') else 3  # that are encoded one by one
    assert {int(count) for count in counts} == {2 * views}


def test_reconstruction_is_that_of_the_whole_batch():
    torch.manual_seed(0)
    model = MODELS.build(CONFIGS['VideoMAE']).double()
    inputs = batch('VideoMAE', torch.Generator().manual_seed(0))
    found, _ = accumulated(model, halves(inputs))
    torch.testing.assert_close(found, gradients(model, inputs), rtol=1e-8, atol=1e-10)
