"""Every registered component, on a small variant: forward, gradients, saving.

A new component is tested as soon as it has a line here; one without a line fails.
"""

import io

import pytest
import torch

from tests.tiny import tiny_vclr_cfg, views_and_samples
from vsslbox.registry import MODELS

NARROW = dict(type='NarrowResNet', depth=18, base_channels=4)
QUEUE = dict(type='FeatureQueue', size=32, channels=8)


def unit(*shape):
    return torch.nn.functional.normalize(torch.randn(*shape), dim=-1)


def vclr_inputs():
    views, samples = views_and_samples(torch.Generator().manual_seed(0), 2)
    return dict(inputs=views, data_samples=samples, mode='loss')


# name -> (config, keyword arguments of forward)
COMPONENTS = {
    'FeatureExtractor': (
        dict(backbone=NARROW),
        lambda: dict(inputs=[torch.randn(2, 3, 4, 32, 32)]),
    ),
    'FeatureQueue': (QUEUE, None),
    'InfoNCELoss': (
        dict(),
        lambda: dict(query=unit(4, 8), positive=unit(4, 8), negatives=unit(9, 8)),
    ),
    'IntraVideoLoss': (
        dict(),
        lambda: dict(query=unit(4, 8), positive=unit(4, 8), others=unit(4, 2, 8)),
    ),
    'MLPNeck': (
        dict(in_channels=8, hidden_channels=6, out_channels=4, norm_cfg=dict(type='BN1d')),
        lambda: dict(features=torch.randn(4, 3, 8)),
    ),
    'NarrowResNet': (NARROW, lambda: dict(x=torch.randn(2, 3, 32, 32))),
    'QueueContrastHead': (
        dict(queue=QUEUE, loss=dict(type='InfoNCELoss')),
        lambda: dict(query=unit(4, 8), keys=[unit(4, 8), unit(4, 8)]),
    ),
    'TemporalOrderHead': (
        dict(in_channels=8),
        lambda: dict(
            anchor=torch.randn(2, 3, 8),
            positive=torch.randn(2, 3, 8),
            orders=torch.arange(3).expand(2, 2, 3),
            labels=torch.tensor([0, 3]),
        ),
    ),
    'VCLR': (tiny_vclr_cfg(), vclr_inputs),
    'ViewsPreprocessor': (dict(), None),
}


def registered():
    MODELS.import_from_location()
    return {
        name for name, kind in MODELS.module_dict.items() if kind.__module__.startswith('vsslbox.')
    }


def test_every_component_has_a_line():
    assert set(COMPONENTS) == registered()


def scalar(output):
    values = output.values() if isinstance(output, dict) else [output]
    return sum(value.float().square().sum() for value in values)


@pytest.mark.parametrize('name', sorted(COMPONENTS))
def test_component(name):
    cfg, make_inputs = COMPONENTS[name]
    model = MODELS.build({**cfg, 'type': name})
    if hasattr(model, 'init_weights'):
        model.init_weights()
    if make_inputs is not None:
        output = model(**make_inputs())
        if any(parameter.requires_grad for parameter in model.parameters()):
            scalar(output).backward()
        for parameter_name, parameter in model.named_parameters():
            assert parameter.requires_grad == (parameter.grad is not None), parameter_name

    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = MODELS.build({**cfg, 'type': name})
    other.load_state_dict(torch.load(file, weights_only=True))
    for key, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key
