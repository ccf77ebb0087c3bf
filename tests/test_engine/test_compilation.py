"""Networks compiled in place train as they are."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.test_engine.test_activation_checkpointing import a_step, built
from tests.test_models.test_registered_models import COMPONENTS
from tests.tiny import tiny_vclr, views_and_samples
from vsslbox.compat import compiled_graphs
from vsslbox.engine.activation_checkpointing import checkpoint_activations
from vsslbox.engine.compilation import compile_networks
from vsslbox.engine.hooks import CompilationHook
from vsslbox.errors import InputError


@pytest.fixture(autouse=True)
def forget_graphs():
    yield
    torch.compiler.reset()


def compare(name, backend, again=False):
    """Compare a compiled and a plain step in losses, gradients and buffers."""
    torch.manual_seed(1)
    inputs = COMPONENTS[name][1]()
    plain, compiled = built(name), built(name)
    keys = list(compiled.state_dict())
    if again:
        checkpoint_activations(compiled, 'backbone')
    parts = compile_networks(compiled, dict(backend=backend))
    assert list(compiled.state_dict()) == keys
    torch.testing.assert_close(
        a_step(compiled, inputs), a_step(plain, inputs), rtol=1e-4, atol=1e-6
    )
    return len(parts), *compiled_graphs()


@pytest.mark.parametrize(
    'name, parts',
    [
        pytest.param('MoCo', 2, marks=pytest.mark.slow),  # the network and its average
        ('VJEPA', 3),  # a block of the encoder, of its average and of the predictor
        ('VideoMAE', 3),  # two blocks of the encoder, which share a graph, and one of the decoder
    ],
)
def test_step_is_that_of_the_plain_model(name, parts):
    graphs = dict(MoCo=2, VJEPA=3, VideoMAE=2)[name]
    assert compare(name, 'eager') == (parts, graphs, {})


@pytest.mark.slow
@pytest.mark.parametrize('name', ['MoCo', 'VideoMAE'])
def test_blocks_are_computed_again_when_compiled(name):
    assert compare(name, 'aot_eager', again=True)[2] == {}


def test_copies_are_plain():
    model = built('VideoMAE')
    compile_networks(model, dict(backend='eager'))
    same = copy.deepcopy(model)
    inputs = COMPONENTS['VideoMAE'][1]()
    expected = a_step(same, inputs)
    assert compiled_graphs() == (0, {})
    torch.testing.assert_close(a_step(model, inputs), expected)
    assert compiled_graphs()[0] == 2


@pytest.mark.parametrize(
    'model, options, message',
    [
        (nn.Linear(2, 2), True, 'Linear has none'),
        (None, 'inductor', "True, False or a dict .* got 'inductor'"),
    ],
)
def test_what_cannot_be_compiled_is_told(model, options, message):
    with pytest.raises(InputError, match=message):
        compile_networks(model, options)


def test_a_method_that_does_not_call_its_backbone_is_told():
    model = built('VDIM')
    compile_networks(model, dict(backend='eager'))
    model(**COMPONENTS['VDIM'][1]())
    with pytest.raises(InputError, match='compiled nothing in the first iteration'):
        CompilationHook().after_train_iter(SimpleNamespace(), 0)


def vclr_losses(dtype=torch.float32, noise=0.0, backend=None):
    """Return the losses of a small VCLR with BatchNorm, whose weights differ by relative noise."""
    torch.manual_seed(0)
    model = tiny_vclr(norm_cfg=dict(type='BN', requires_grad=True)).to(dtype)
    drawn = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 1 + noise * torch.randn(weight.shape, generator=drawn)
    if backend:
        compile_networks(model, dict(backend=backend))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for step in range(8):
        views, samples = views_and_samples(torch.Generator().manual_seed(step), 4)
        views = [view.to(dtype) for view in views]
        loss = sum(model(views, samples, mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


@pytest.mark.slow
@pytest.mark.full
def test_batch_norm_multiplies_rounding():
    """The default backend drifts in float32 as plain steps do, and not in float64."""
    exact = vclr_losses(torch.float64)

    def drift(**options):
        return ((vclr_losses(**options) - exact) / exact).abs().max()

    assert drift(dtype=torch.float64, backend='inductor') < 1e-9
    assert drift(dtype=torch.float64, noise=1e-7) > 1e-3
    assert drift(backend='inductor') < 10 * drift() < 0.1
