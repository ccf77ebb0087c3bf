"""VDIM's encoder and projection: the table of the paper, and what each position sees."""

import pytest
import torch
import torch.nn.functional as F

from vsslbox.models.backbones.vdim_encoder import (
    LAYERS,
    SpaceTimeResBlock,
    VDIMEncoder,
    receptive_field,
)
from vsslbox.models.necks import ResidualMLPNeck

SHAPES = {
    1: (64, 16, 64, 64),
    2: (64, 14, 62, 62),
    3: (128, 14, 30, 30),
    4: (256, 14, 14, 14),
    5: (512, 7, 7, 7),
    6: (512, 5, 5, 5),
    7: (512, 3, 3, 3),
    8: (512, 1, 1, 1),
}
# layer -> frames and pixels that a position sees, and the distance between two positions in both
FIELDS = {
    1: (5, 5, 2, 2),
    2: (9, 9, 2, 2),
    3: (9, 15, 2, 4),
    4: (9, 27, 2, 8),
    5: (11, 35, 4, 16),
    6: (19, 67, 4, 16),
    7: (27, 99, 4, 16),
    8: (35, 131, 4, 16),
}
LAYER_WEIGHTS = [25_280, 49_152, 245_760, 983_040, 2_621_440, 4_718_592, 4_718_592, 3_145_728]


def conv_weights(module):
    return sum(weight.numel() for weight in module.parameters() if weight.ndim == 5)


def narrow(extra_blocks=1):
    """Build an encoder of few channels without zero weights."""
    encoder = VDIMEncoder(base_channels=4, extra_blocks=extra_blocks).double().eval()
    for weight in encoder.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return encoder


def test_the_shapes_of_the_paper():
    with torch.device('meta'):
        encoder, clip = VDIMEncoder(), torch.empty(2, 3, 32, 128, 128)
        maps = encoder.extract(clip, range(1, 9))
        assert {layer: tuple(found.shape[1:]) for layer, found in maps.items()} == SHAPES
        assert encoder(clip).shape == (2, 512, 1, 1, 1)
    assert encoder.feat_dim == 512


def test_the_number_of_weights_of_the_paper():
    with torch.device('meta'):
        encoder, head = VDIMEncoder(), ResidualMLPNeck()
    assert [conv_weights(layer) for layer in encoder.layers] == LAYER_WEIGHTS
    assert conv_weights(encoder) == 16_507_584
    assert conv_weights(encoder) + conv_weights(head) == 17_294_016
    biases = {name for name, weight in encoder.named_parameters() if weight.ndim == 1}
    assert biases == {'norm.weight', 'norm.bias'}


@pytest.mark.parametrize('layer', sorted(FIELDS))
def test_receptive_field_of_a_position(layer):
    """Gradients of one position, far enough from the borders, with respect to the clip."""
    frames, pixels, step_t, step_s = FIELDS[layer]
    assert receptive_field(LAYERS[:layer]) == (frames, pixels)
    encoder = narrow()
    for weight in encoder.parameters():
        weight.data.abs_()  # positive like the clip, so that no ReLU is at zero
    # One position more than the receptive field on each side.
    size = (frames + 2 * step_t, pixels + 2 * step_s, pixels + 2 * step_s)
    clip = torch.rand(1, 3, *size, dtype=torch.float64, requires_grad=True)
    encoder.extract(clip, [layer])[layer][0, :, 1, 1, 1].sum().backward()
    expected = torch.zeros(size, dtype=torch.bool)
    start_t, start_s = step_t - 2, step_s - 2  # the padding moves position 0 to pixel -2
    across = slice(start_s, start_s + pixels)
    expected[start_t : start_t + frames, across, across] = True
    assert torch.equal(clip.grad[0, 0] > 0, expected)


def test_the_normalisation_may_count_as_a_layer():
    clip = torch.randn(1, 3, 32, 128, 128, dtype=torch.float64)
    encoder = narrow(extra_blocks=0)
    counting = VDIMEncoder(base_channels=4, extra_blocks=0, norm_is_layer=True).double().eval()
    counting.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        maps, expected = counting.extract(clip, (6, 8, 9)), encoder.extract(clip, (6, 8))
        assert torch.equal(maps[6], expected[6])
        assert torch.equal(maps[9], expected[8])
        assert torch.equal(counting(clip), expected[8])
        norm = counting.norm  # by hand
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        by_hand = (maps[8].flatten() - norm.running_mean) * scale + norm.bias
    assert torch.allclose(maps[9].flatten(), by_hand, atol=1e-12)
    with pytest.raises(ValueError, match=r'taps must be layers from 1 to 9, got \[10\]'):
        counting.extract(clip, [10])


def test_without_the_fourth_layer_half_the_pixels_suffice():
    plan = [layer for number, layer in enumerate(LAYERS, 1) if number != 4]
    with torch.device('meta'):
        encoder = VDIMEncoder(base_channels=4, layers=plan)
        maps = encoder.extract(torch.empty(2, 3, 32, 64, 64), range(4, 8))
    assert [tuple(found.shape[1:]) for found in maps.values()] == [
        (32, 7, 7, 7),
        (32, 5, 5, 5),
        (32, 3, 3, 3),
        (32, 1, 1, 1),
    ]
    assert encoder.feat_dim == 32


def test_only_the_input_is_padded_and_by_reflection():
    encoder = narrow()
    clip = torch.randn(1, 3, 5, 9, 9, dtype=torch.float64)
    time = [2, 1, 0, 1, 2, 3, 4, 3, 2]
    space = [2, 1, *range(9), 7, 6]
    padded = clip[:, :, time][:, :, :, space][..., space]
    spatial, _, temporal, _ = encoder.layers[0]
    expected = F.conv3d(padded, spatial.weight, stride=(1, 2, 2)).relu()
    expected = F.conv3d(expected, temporal.weight, stride=(2, 1, 1)).relu()
    assert torch.allclose(encoder.extract(clip, [1])[1], expected, atol=1e-12)


def test_the_residual_block_equals_a_loop():
    convs = [torch.nn.Conv3d(2, 5, (1, 3, 3), (1, 2, 2), bias=False)]
    convs += [torch.nn.Conv3d(5, 5, (2, 1, 1), (2, 1, 1), bias=False)]
    block = SpaceTimeResBlock(*convs).double()
    torch.nn.init.normal_(block.time.weight)
    x = torch.randn(1, 2, 4, 7, 7, dtype=torch.float64)
    found = block(x)
    assert found.shape == (1, 5, 2, 3, 3)
    for t in range(2):
        for h in range(3):
            for w in range(3):
                patch = x[0, :, 2 * t : 2 * t + 2, 2 * h : 2 * h + 3, 2 * w : 2 * w + 3]
                hidden = torch.einsum('cthw,ochw->ot', patch, block.space.weight[:, :, 0]).relu()
                expected = torch.einsum('ct,oct->o', hidden, block.time.weight[..., 0, 0])
                expected[:2] += patch.mean(dim=(1, 2, 3))
                assert torch.allclose(found[0, :, t, h, w], expected, atol=1e-12)


def test_blocks_start_as_their_shortcuts():
    """The layers above the second only average, and new channels are zero."""
    encoder = VDIMEncoder(base_channels=2, extra_blocks=2)
    encoder.init_weights()
    maps = encoder.extract(torch.randn(1, 3, 14, 40, 40), (2, 3, 4, 5))
    average = F.avg_pool3d(maps[2], (1, 4, 4), (1, 2, 2))
    assert torch.equal(maps[3][:, :2], average)
    assert not maps[3][:, 2:].any()
    average = F.avg_pool3d(F.avg_pool3d(average, (1, 4, 4), (1, 2, 2)), 2, 2)
    assert torch.allclose(maps[5][:, :2], average)
    assert not maps[5][:, 2:].any()


def test_only_the_last_layer_is_normalised():
    encoder = narrow(extra_blocks=0).train()
    clips = torch.randn(3, 3, 31, 127, 127, dtype=torch.float64)
    maps = encoder.extract(clips, (7, 8))
    raw = encoder.layers[7](maps[7])
    centred = raw - raw.mean(dim=0)
    expected = centred / (centred.square().mean(dim=0) + 1e-5).sqrt()
    expected = (
        expected * encoder.norm.weight[:, None, None, None] + encoder.norm.bias[:, None, None, None]
    )
    assert torch.allclose(maps[8], expected, atol=1e-10)
    assert torch.allclose(encoder(clips), maps[8], atol=1e-12)


def test_layers_above_the_highest_tap_are_not_computed():
    """The clip is too small for them."""
    encoder = narrow()
    maps = encoder.extract(torch.randn(1, 3, 7, 31, 31, dtype=torch.float64), (5, 3))
    assert {layer: tuple(found.shape) for layer, found in maps.items()} == {
        3: (1, 8, 2, 6, 6),
        5: (1, 32, 1, 1, 1),
    }


def test_wrong_values_are_refused():
    encoder = narrow()
    clip = torch.randn(1, 3, 30, 128, 127, dtype=torch.float64)
    with pytest.raises(ValueError, match='at least 31 frames and 127x127 pixels, got 30 frames'):
        encoder(clip)
    with pytest.raises(ValueError, match=r'taps must be layers from 1 to 8, got \[5, 9\]'):
        encoder.extract(clip, (5, 9))
    with pytest.raises(ValueError, match=r'taps must be layers from 1 to 8, got \[\]'):
        encoder.extract(clip, ())


def test_the_projection_equals_a_loop():
    neck = ResidualMLPNeck(4, 6).double().eval()
    torch.nn.init.normal_(neck.out.weight)
    torch.nn.init.uniform_(neck.norm.running_mean)
    x = torch.randn(2, 4, 1, 2, 3, dtype=torch.float64)
    found = neck(x)
    hidden, out, shortcut = (
        conv.weight[..., 0, 0, 0] for conv in (neck.hidden, neck.out, neck.shortcut)
    )
    for n in range(2):
        for h in range(2):
            for w in range(3):
                feature = x[n, :, 0, h, w]
                total = out @ (hidden @ feature).relu() + shortcut @ feature + neck.shortcut.bias
                expected = (total - neck.norm.running_mean) / (1 + 1e-5) ** 0.5
                assert torch.allclose(found[n, :, 0, h, w], expected, atol=1e-12)


@pytest.mark.parametrize(('width_in', 'width_out'), [(5, 5), (4, 6), (6, 4)])
def test_the_projection_starts_near_the_identity(width_in, width_out):
    neck = ResidualMLPNeck(width_in, width_out)
    neck.init_weights()
    assert not neck.out.weight.any()
    shortcut = neck.shortcut.weight.detach()[..., 0, 0, 0]
    identity = torch.eye(width_out, width_in)
    assert torch.equal(shortcut[identity == 1], torch.ones(min(width_in, width_out)))
    assert 0 < (shortcut - identity).abs().max() <= 0.01
