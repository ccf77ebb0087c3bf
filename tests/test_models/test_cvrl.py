"""CVRL: both views in one batch, and the loss at known values."""

import math

import pytest
import torch
from torch import nn

from tests.tiny import GROUP_NORM
from vsslbox.models.losses import nt_xent
from vsslbox.models.necks import MLPNeck
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

BATCH = 3
R3D = dict(type='R3DResNet', depth=18, base_channels=4)
FRAMES = dict(type='NarrowResNet', depth=18, base_channels=4)
GROUPED = dict(norm_cfg=GROUP_NORM)


def tiny_cvrl(backbone, **kwargs):
    model = MODELS.build(
        dict(
            type='CVRL',
            backbone=backbone,
            neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
            loss=dict(type='NTXentLoss', temperature=0.1),
            **kwargs,
        )
    )
    model.init_weights()
    return model


def views(num_frames, count=2):
    return [torch.randn(BATCH, 3, num_frames, 24, 24) for _ in range(count)]


@pytest.mark.parametrize(
    ('backbone', 'num_frames'), [({**R3D, **GROUPED}, 4), ({**FRAMES, **GROUPED}, 1)]
)
def test_loss_is_that_of_the_projected_views(backbone, num_frames):
    model = tiny_cvrl(backbone)
    inputs = views(num_frames)
    first, second = (model.neck(encode_clips(model.backbone, view)) for view in inputs)
    losses = model(inputs, [], mode='loss')
    assert list(losses) == ['loss_contrast']
    expected = 2 * nt_xent(first, second, temperature=0.1)
    assert losses['loss_contrast'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_chance():
    """The loss of a projection that ignores its input: 2 log(2N - 1)."""
    model = tiny_cvrl(R3D)
    nn.init.zeros_(model.neck.layers[-1].weight)
    nn.init.ones_(model.neck.layers[-1].bias)
    loss = model(views(4), [], mode='loss')['loss_contrast']
    assert loss.item() == pytest.approx(2 * math.log(2 * BATCH - 1), rel=1e-6)


def test_batch_norm_sees_both_views_together():
    model = tiny_cvrl(R3D)
    inputs = views(4)
    model(inputs, [], mode='loss')
    norm = model.backbone.conv1.bn
    stem = model.backbone.conv1.conv(torch.cat(inputs))
    assert norm.num_batches_tracked == 1
    assert torch.allclose(norm.running_mean, 0.1 * stem.mean(dim=(0, 2, 3, 4)), atol=1e-6)


def test_features_are_those_of_the_backbone():
    model = tiny_cvrl(R3D).eval()
    (view,) = views(4, count=1)
    expected = model.backbone(view).mean(dim=(2, 3, 4))
    assert torch.allclose(model([view], [], mode='tensor'), expected, atol=1e-6)


def test_another_number_of_views_is_refused():
    with pytest.raises(ValueError, match='CVRL takes 2 views, got 3'):
        tiny_cvrl(R3D)(views(4, count=3), [], mode='loss')


def test_the_projection_of_the_paper():
    """Three hidden layers and the output, all with biases: Table 6 varies their number."""
    with torch.device('meta'):
        neck = MLPNeck(2048, 2048, 128, num_layers=4, norm_cfg=dict(type='BN1d'))
        without_hidden = MLPNeck(2048, 2048, 128, num_layers=1, norm_cfg=dict(type='BN1d'))
    assert sum(parameter.numel() for parameter in neck.parameters()) == 12_863_616
    hidden = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert [type(layer) for layer in neck.layers] == [*hidden * 3, nn.Linear]
    assert sum(parameter.numel() for parameter in without_hidden.parameters()) == 2048 * 128 + 128
