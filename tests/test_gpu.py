"""What only a CUDA device runs. tools/benchmark/gpu.sh runs these tests alone."""

import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate

from tests.tiny import TinyViews, tiny_vclr
from vsslbox.datasets.transforms import AugmentViews, PackViews
from vsslbox.evaluation.functional import nearest_neighbours
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.registry import OPTIM_WRAPPERS
from vsslbox.structures import View

COLOURS = ('ColorJitter', 'TensorFlowColorJitter', 'RandomGrayscale', 'GaussianBlur', 'Solarize')

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no CUDA device'),
]


@pytest.fixture(autouse=True)
def exact():
    """Products of float32 without TF32."""
    modules = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [module.allow_tf32 for module in modules]
    for module in modules:
        module.allow_tf32 = False
    yield
    for module, value in zip(modules, before):
        module.allow_tf32 = value


@pytest.mark.parametrize('name', [*COLOURS, 'LabChannelDropout'])
def test_deferred_colours_are_those_of_the_cpu(name):
    rng = np.random.default_rng(0)
    view = View('query', np.arange(2), [rng.integers(256, size=(24, 24, 3), dtype=np.uint8)] * 2)
    results = {'views': [view], 'rng': rng, 'index': 0, 'attributes': {}}
    deferred = {'type': 'Defer', 'transforms': [{'type': name, 'prob': 1}]}
    batch = default_collate([PackViews()(AugmentViews([deferred])(results))])
    (expected,) = ViewsPreprocessor(mean=[0] * 3, std=[1] * 3)(batch)['inputs']
    (found,) = ViewsPreprocessor(mean=[0] * 3, std=[1] * 3).cuda()(batch)['inputs']
    assert found.is_cuda
    assert (found.cpu() - expected).abs().max() < 0.05  # of 255


def train(model, kind, steps=3):
    """Train on the same samples, and return the losses and the weights."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    wrapper = OPTIM_WRAPPERS.build(dict(type=kind, optimizer=optimizer))
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        batch = pseudo_collate([TinyViews()[8 * step + number] for number in range(8)])
        batch['inputs'] = [torch.stack(list(views)) for views in batch['inputs']]
        losses.append(float(model.train_step(batch, wrapper)['loss']))
        model.update_after_step(progress=step / steps)
    return losses, {name: value.cpu() for name, value in model.state_dict().items()}


def test_a_training_is_that_of_the_cpu():
    model = tiny_vclr()
    losses, weights = train(copy.deepcopy(model), 'OptimWrapper')
    on_gpu, found = train(model.cuda(), 'OptimWrapper')
    assert on_gpu == pytest.approx(losses, rel=1e-3)
    for name, expected in weights.items():
        if expected.is_floating_point():
            assert torch.allclose(found[name], expected, rtol=1e-2, atol=1e-3), name


@pytest.mark.parametrize('kind', ['Bfloat16OptimWrapper', 'AmpOptimWrapper'])
def test_half_precision_trains(kind):
    model = tiny_vclr()
    losses, _ = train(copy.deepcopy(model).cuda(), 'OptimWrapper')
    found, weights = train(model.cuda(), kind)
    assert found == pytest.approx(losses, rel=0.05)
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_neighbours_are_those_of_the_cpu(precision):
    rows = torch.randn(500, 64, generator=torch.Generator().manual_seed(0))
    expected = nearest_neighbours(rows[:100], rows[100:], 10, precision=precision)
    found = nearest_neighbours(rows[:100].cuda(), rows[100:].cuda(), 10, precision=precision)
    assert torch.equal(found[1].cpu(), expected[1])
    assert torch.allclose(found[0].cpu(), expected[0])
