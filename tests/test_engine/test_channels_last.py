"""Weights with their channels last: the same training in another layout."""

import pytest
import torch
from torch import nn

from tests.test_engine.test_activation_checkpointing import a_step, built
from tests.test_engine.test_training import BATCH_NORM, Killed, config, final_state
from tests.test_models.test_registered_models import COMPONENTS, METHODS
from tests.training import assert_same
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.channels_last import arrange_channels_last
from vsslbox.errors import InputError


def in_double(value):
    """Return nested inputs with all fractions in float64."""
    if isinstance(value, dict):
        return {key: in_double(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(in_double, value))
    is_fraction = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.double() if is_fraction else value


def is_arranged(tensor):
    layout = torch.channels_last if tensor.dim() == 4 else torch.channels_last_3d
    return tensor.is_contiguous(memory_format=layout)


@pytest.mark.slow
@pytest.mark.parametrize('name', METHODS)
def test_step_is_that_of_the_plain_model(name):
    torch.manual_seed(1)
    inputs = in_double(COMPONENTS[name][1]())
    plain, changed = built(name).double(), built(name).double()
    arrange_channels_last(changed)
    torch.testing.assert_close(a_step(changed, inputs), a_step(plain, inputs), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize('name', ['NarrowResNet', 'R3DResNet'])
def test_maps_follow_the_weights(name):
    network = built(name)
    arrange_channels_last(network)
    maps = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            layer.register_forward_hook(lambda layer, _, output: maps.append(output))
    network(**COMPONENTS[name][1]())
    assert maps and all(map(is_arranged, maps))


@pytest.mark.slow
def test_a_killed_run_resumes_bit_for_bit(tmp_path):
    options = dict(norm_cfg=BATCH_NORM, channels_last=True)
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    runner = build_runner(config(straight, **options))
    runner.train()
    weights = [weight for weight in runner.model.parameters() if weight.dim() == 4]
    assert weights and all(map(is_arranged, weights))
    kill = [dict(type='KillHook', after_iter=8)]
    with pytest.raises(Killed):
        build_runner(config(broken, custom_hooks=kill, **options)).train()
    build_runner(config(broken, resume=True, **options)).train()
    for part in ('state_dict', 'optimizer'):
        assert_same(final_state(straight)[part], final_state(broken)[part], part)


def test_what_cannot_be_arranged_is_told(tmp_path):
    with pytest.raises(InputError, match='Linear has none'):
        arrange_channels_last(nn.Linear(2, 2))
    with pytest.raises(InputError, match="`channels_last` must be True or False, got 'yes'"):
        build_runner(config(tmp_path, channels_last='yes'))
