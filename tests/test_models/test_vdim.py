"""VDIM: which layers of which views are compared, and the loss at a known value."""

import math

import pytest
import torch
from torch import nn

from vsslbox.models.losses import MultiScaleInfoNCELoss
from vsslbox.registry import MODELS

BATCH = 3
GROUPED = dict(type='GN', num_groups=2, requires_grad=True)


def tiny_vdim(norm_cfg=None, kind='VDIM', **loss):
    model = MODELS.build(
        dict(
            type=kind,
            backbone=dict(type='VDIMEncoder', base_channels=2, extra_blocks=0, norm_cfg=norm_cfg),
            neck=dict(type='ResidualMLPNeck', in_channels=16, out_channels=8, norm_cfg=norm_cfg),
            loss=dict(type='MultiScaleInfoNCELoss', **loss),
        )
    )
    model.init_weights()
    return model


def views(count=2):
    return [torch.randn(BATCH, 3, 32, 128, 128) for _ in range(count)]


def project(model, maps):
    return {layer: model.necks[str(layer)](found) for layer, found in maps.items()}


def test_loss_is_that_of_the_projected_layers():
    """With GroupNorm the views are independent, so each can be encoded separately."""
    model = tiny_vdim(norm_cfg=GROUPED)
    inputs = views()
    encoded = [project(model, model.backbone.extract(view, (5, 6, 8))) for view in inputs]
    shapes = {layer: tuple(found.shape[1:]) for layer, found in encoded[0].items()}
    assert shapes == {5: (8, 7, 7, 7), 6: (8, 5, 5, 5), 8: (8, 1, 1, 1)}
    losses = model(inputs, [], mode='loss')
    assert list(losses) == ['loss_contrast']
    expected = MultiScaleInfoNCELoss()(*encoded)
    assert losses['loss_contrast'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_chance():
    """The loss of projections that ignore their input: log N."""
    model = tiny_vdim(layers=(8,))
    nn.init.zeros_(model.necks['8'].norm.weight)
    loss = model(views(), [], mode='loss')['loss_contrast']
    assert loss.item() == pytest.approx(math.log(BATCH), rel=1e-6)


def test_each_layer_has_a_projection_of_its_own():
    model = tiny_vdim(layers=(6, 8))
    assert sorted(model.necks) == ['6', '8']
    weights = [neck.shortcut.weight for neck in model.necks.values()]
    assert not torch.equal(*weights)


def test_batch_norm_sees_both_views_together():
    model = tiny_vdim()
    inputs = views()
    raw = model.backbone.layers[7](model.backbone.extract(torch.cat(inputs), [7])[7])
    model(inputs, [], mode='loss')
    assert model.backbone.norm.num_batches_tracked == 1
    expected = 0.1 * raw.mean(dim=(0, 2, 3, 4))
    assert torch.allclose(model.backbone.norm.running_mean, expected, atol=1e-6)


def test_difference_is_that_of_the_halves_of_the_consequent():
    model = tiny_vdim(norm_cfg=GROUPED, kind='VDIMTemporalDifference')
    antecedent, start, end = views(count=3)
    layers = (5, 6, 8)
    first, second = model.backbone.extract(start, layers), model.backbone.extract(end, layers)
    change = {layer: first[layer] - second[layer] for layer in layers}
    expected = MultiScaleInfoNCELoss()(
        project(model, model.backbone.extract(antecedent, layers)), project(model, change)
    )
    losses = model([antecedent, torch.cat([start, end], dim=2)], [], mode='loss')
    assert losses['loss_contrast'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_batch_norm_of_the_difference():
    """That of the encoder sees three clips, that of a projection the antecedent and the change."""
    model = tiny_vdim(kind='VDIMTemporalDifference', layers=(8,))
    clips = views(count=3)
    maps = model.backbone.layers[7](model.backbone.extract(torch.cat(clips), [7])[7])
    scale = (maps.var(dim=(0, 2, 3, 4), keepdim=True, correction=0) + 1e-5).sqrt()
    antecedent, start, end = ((maps - maps.mean(0)) / scale).chunk(3)
    raw = model.necks['8'].shortcut(torch.cat([antecedent, start - end]))
    model([clips[0], torch.cat(clips[1:], dim=2)], [], mode='loss')
    for norm, seen in ((model.backbone.norm, maps), (model.necks['8'].norm, raw)):
        assert norm.num_batches_tracked == 1
        assert torch.allclose(norm.running_mean, 0.1 * seen.mean(dim=(0, 2, 3, 4)), atol=1e-6)


def test_difference_needs_a_consequent_twice_as_long():
    with pytest.raises(ValueError, match=r'needs a consequent of 64 frames.*got 32'):
        tiny_vdim(kind='VDIMTemporalDifference')(views(), [], mode='loss')


def test_features_are_the_global_ones():
    model = tiny_vdim().eval()
    (view,) = views(count=1)
    expected = model.backbone(view)[..., 0, 0, 0]
    assert torch.allclose(model([view], [], mode='tensor'), expected, atol=1e-6)


def test_another_number_of_views_is_refused():
    with pytest.raises(ValueError, match='VDIM takes 2 views, got 3'):
        tiny_vdim()(views(count=3), [], mode='loss')
