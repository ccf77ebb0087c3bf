"""The projection head: its layers, and inputs with several leading axes."""

import pytest
import torch
from torch import nn

from vsslbox.models.necks import MLPNeck


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        (dict(), [nn.Linear, nn.ReLU, nn.Linear]),
        (dict(num_layers=1), [nn.Linear]),
        (dict(num_layers=3), [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]),
        (
            dict(norm_cfg=dict(type='BN1d'), out_norm_cfg=dict(type='BN1d', affine=False)),
            [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d],
        ),
    ],
)
def test_layers(kwargs, expected):
    neck = MLPNeck(8, 6, 4, **kwargs)
    assert [type(layer) for layer in neck.layers] == expected
    assert all(layer.bias is not None for layer in neck.layers if isinstance(layer, nn.Linear))


def test_normalisation_treats_all_features_together():
    """Rows of [N, S, F] are normalised together, as N * S features."""
    neck = MLPNeck(8, 6, 4, out_norm_cfg=dict(type='BN1d', affine=False))
    features = torch.randn(5, 3, 8)
    embeddings = neck(features)
    assert embeddings.shape == (5, 3, 4)
    assert torch.allclose(embeddings.mean(dim=(0, 1)), torch.zeros(4), atol=1e-6)
    assert torch.allclose(embeddings.flatten(0, 1), neck(features.flatten(0, 1)), atol=1e-6)
