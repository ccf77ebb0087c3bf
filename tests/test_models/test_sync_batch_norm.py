"""SyncBatchNorm on CPU processes against nn.BatchNorm on the batches of all of them."""

import pytest
import torch
from mmcv.cnn import build_norm_layer
from mmengine.dist import get_rank
from mmengine.model import convert_sync_batchnorm
from torch import nn

from tests.distributed import run_on_processes
from vsslbox.models.utils import SyncBatchNorm, sync_on_any_device

STEPS = 3
OPTIONS = [
    dict(momentum=None, eps=1e-3),
    dict(affine=False),
    dict(track_running_stats=False),
]


def batches(sizes, shape, dtype, offset):
    """Draw, for each step, an input ``[N, *shape]`` and a gradient, split by process."""
    generator = torch.Generator().manual_seed(0)
    pairs = torch.randn(STEPS, 2, sum(sizes), *shape, generator=generator, dtype=torch.float64)
    pairs[:, 0] += offset
    return [[part.split(sizes) for part in pair.to(dtype)] for pair in pairs]


def normalize(layer, pairs):
    """Run a layer on inputs, then in inference; return all that it computes."""
    outputs, gradients = [], []
    if layer.affine:
        with torch.no_grad():
            layer.weight.copy_(torch.linspace(-1, 2, layer.num_features))
            layer.bias.copy_(torch.linspace(3, -2, layer.num_features))
    for inputs, upstream in pairs:
        inputs = inputs.clone().requires_grad_()
        outputs.append(layer(inputs))
        outputs[-1].backward(upstream)
        gradients.append(inputs.grad)
    weights = {name: parameter.grad for name, parameter in layer.named_parameters()}
    outputs.append(layer.eval()(pairs[0][0]))
    rows = [*outputs, *gradients]
    return dict(rows=[x.detach() for x in rows], weights=weights, state=layer.state_dict())


def normalize_own(sizes, cases):
    """Run each case on this process's batches."""
    results = []
    for shape, options, dtype, offset in cases:
        own = [[part[get_rank()] for part in pair] for pair in batches(sizes, shape, dtype, offset)]
        results.append(normalize(SyncBatchNorm(shape[0], dtype=dtype, **options), own))
    return results


def compare(sizes, cases, by_process, bound):
    """Compare processes, whose batches have these sizes, with one that has them all in float64."""
    for (shape, options, dtype, offset), *several in zip(cases, *by_process, strict=True):
        kind = getattr(nn, f'BatchNorm{max(len(shape) - 1, 1)}d')
        pairs = batches(sizes, shape, torch.float64, offset)
        pairs = [[torch.cat(parts) for parts in pair] for pair in pairs]
        one = normalize(kind(shape[0], dtype=torch.float64, **options), pairs)
        several_rows = zip(*(result['rows'] for result in several))
        for number, (rows, expected) in enumerate(zip(several_rows, one['rows'], strict=True)):
            if number == STEPS and 'running_mean' not in one['state']:
                continue  # in inference, each process then has the statistics of its own batch
            assert rows[0].dtype == dtype
            assert_near(torch.cat(rows), expected, bound)
        for name, expected in one['weights'].items():
            assert_near(sum(result['weights'][name] for result in several), expected, bound)
        for result in several:
            assert list(result['state']) == list(one['state'])
            for name, expected in one['state'].items():
                assert_near(result['state'][name], expected, bound)


def assert_near(actual, expected, bound):
    torch.testing.assert_close(actual.to(expected.dtype), expected, rtol=bound, atol=bound)


def normalize_half():
    """Return input, output and running statistics of a half-precision batch."""
    layer = SyncBatchNorm(4)
    inputs = (torch.arange(48.0).view(4, 4, 3) + 100 * get_rank()).bfloat16().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = layer(inputs)
    output.float().square().sum().backward()
    return dict(inputs=inputs.detach(), output=output.detach(), state=layer.state_dict())


UNEVEN = (5, 2)
SHAPES = [((4, *rest), {}, torch.float64, 3.0) for rest in [(), (5,), (3, 2), (2, 3, 5)]]
EXACT = [*SHAPES, *(((4, 3, 2), options, torch.float64, 3.0) for options in OPTIONS)]
FAR_FROM_ZERO = [((4, 3, 2), {}, torch.float32, 1000.0)]


def normalize_all():
    return dict(
        exact=normalize_own(UNEVEN, EXACT),
        far_from_zero=normalize_own(UNEVEN, FAR_FROM_ZERO),
        half=normalize_half(),
        one_value=SyncBatchNorm(3)(torch.arange(1.0, 4).view(1, 3) * (1 - 2 * get_rank())).detach(),
    )


@pytest.fixture(scope='module')
def two():
    """Return what each of two processes computes: starting them takes most of the time."""
    return run_on_processes(normalize_all, 2)


def test_equals_batch_norm_of_all_batches(two):
    compare(UNEVEN, EXACT, [result['exact'] for result in two], bound=1e-12)


@pytest.mark.slow
def test_equals_batch_norm_on_three_processes():
    sizes = (1, 4, 2)
    compare(sizes, EXACT, run_on_processes(normalize_own, 3, sizes, EXACT), bound=1e-12)


def test_float32_is_sound_far_from_zero(two):
    """A mean of 1000 deviations, where a difference of squares in float32 would be noise."""
    compare(UNEVEN, FAR_FROM_ZERO, [result['far_from_zero'] for result in two], bound=2e-3)


def test_half_precision_has_statistics_in_float32(two):
    results = [result['half'] for result in two]
    everything = torch.cat([result['inputs'] for result in results]).float()
    expected = nn.BatchNorm1d(4)
    output = torch.cat([result['output'] for result in results])
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), expected(everything), rtol=1e-2, atol=1e-2)
    for result in results:
        torch.testing.assert_close(result['state'], expected.state_dict(), rtol=1e-6, atol=1e-6)


def test_one_value_a_process_is_enough(two):
    assert torch.allclose(two[0]['one_value'], -two[1]['one_value'])


@pytest.mark.parametrize('training', [True, False])
def test_a_single_process_computes_exactly_batch_norm(training):
    inputs = torch.randn(5, 4, 3, 3)
    layers = [SyncBatchNorm(4).train(training), nn.BatchNorm2d(4).train(training)]
    outputs = [layer(inputs) for layer in layers]
    assert torch.equal(*outputs)
    states = [layer.state_dict() for layer in layers]
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_layers_of_torch_are_turned_into_it():
    """As mmengine's runner converts a model."""
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.GroupNorm(2, 4))
    weight = model[1].weight
    converted = sync_on_any_device(convert_sync_batchnorm(model))
    kinds = [type(module) for module in converted]
    assert kinds == [nn.Conv2d, SyncBatchNorm, nn.GroupNorm]
    assert converted[1].weight is weight


def test_a_config_can_name_it():
    _, layer = build_norm_layer(dict(type='vsslbox.SyncBatchNorm', momentum=0.2), 6)
    assert isinstance(layer, SyncBatchNorm)
    assert layer.momentum == 0.2
