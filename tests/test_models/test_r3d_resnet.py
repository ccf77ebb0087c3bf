"""R3D: its shapes, its padding by TensorFlow's rule, its initial weights."""

import math

import pytest
import torch
from torch import nn

from vsslbox.models.backbones import R3DResNet
from vsslbox.models.backbones.same_padding import SameConv3d, SameMaxPool3d, same_padding
from vsslbox.models.utils import is_3d
from vsslbox.registry import MODELS


def small(depth=18, base_channels=8, **kwargs):
    return R3DResNet(depth=depth, base_channels=base_channels, **kwargs)


@pytest.mark.parametrize(
    ('depth', 'width', 'trainable', 'with_statistics'),
    [
        (50, 1, 31_672_128, 31.73),
        (101, 1, 59_577_152, 59.68),
        (50, 2, 126_488_192, 126.59),
        (50, 4, 505_552_128, 505.76),
    ],
)
def test_number_of_parameters_is_that_of_the_paper(depth, width, trainable, with_statistics):
    with torch.device('meta'):
        model = R3DResNet(depth=depth, base_channels=64 * width)
    assert sum(parameter.numel() for parameter in model.parameters()) == trainable
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm3d)]
    statistics = sum(2 * norm.num_features for norm in norms)
    assert round((trainable + statistics) / 1e6, 2) == with_statistics
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.1, 1e-5)}
    assert model.feat_dim == 2048 * width


def test_layers_are_those_of_table_1():
    model = R3DResNet(base_channels=4)
    assert (model.conv1.conv.kernel_size, model.conv1.conv.stride) == ((5, 7, 7), (2, 2, 2))
    assert (model.maxpool.kernel_size, model.maxpool.stride) == ((1, 3, 3), (1, 2, 2))
    for stage, blocks in enumerate((3, 4, 6, 3)):
        layer = getattr(model, f'layer{stage + 1}')
        assert len(layer) == blocks
        for number, block in enumerate(layer):
            stride = 2 if stage > 0 and number == 0 else 1
            time = 3 if stage > 1 else 1
            convs = [block.conv1.conv, block.conv2.conv, block.conv3.conv]
            assert [conv.kernel_size for conv in convs] == [(time, 1, 1), (1, 3, 3), (1, 1, 1)]
            assert [conv.stride for conv in convs] == [(1, 1, 1), (1, stride, stride), (1, 1, 1)]
            assert (block.downsample is not None) == (number == 0)


@pytest.mark.parametrize('padding', ['symmetric', 'same'])
@pytest.mark.parametrize('depth', [18, 50])
def test_sixteen_frames_become_eight(depth, padding):
    model = small(depth, 4, padding=padding)
    features = model(torch.randn(1, 3, 16, 64, 64))
    assert features.shape == (1, model.feat_dim, 8, 2, 2)
    assert is_3d(model)


# size, kernel, stride -> before, after
@pytest.mark.parametrize(
    ('axis', 'expected'),
    [
        ((16, 5, 2), (1, 2)),  # stem, time
        ((224, 7, 2), (2, 3)),  # stem, space
        ((112, 3, 2), (0, 1)),  # max-pool, and the strided convolution of a stage
        ((113, 3, 2), (1, 1)),
        ((1, 5, 2), (2, 2)),
        ((9, 3, 1), (1, 1)),
        ((8, 1, 2), (0, 0)),
    ],
)
def test_padding_of_tensorflow(axis, expected):
    assert same_padding(*axis) == expected


def windows(shape, kernel, stride):
    """Yield TensorFlow's window for each output position: its (input, kernel) index pairs."""
    axes = []
    for size, k, s in zip(shape, kernel, stride, strict=True):
        out = math.ceil(size / s)
        before = max((out - 1) * s + k - size, 0) // 2
        starts = [o * s - before for o in range(out)]
        axes.append([[(a + i, i) for i in range(k) if 0 <= a + i < size] for a in starts])
    return axes


@pytest.mark.parametrize('shape', [(4, 8, 8), (5, 9, 7), (3, 6, 9)])
@pytest.mark.parametrize(('kernel', 'stride'), [((5, 7, 7), (2, 2, 2)), ((1, 3, 3), (1, 2, 2))])
def test_same_layers_equal_loops(shape, kernel, stride):
    x = torch.randn(1, 2, *shape, dtype=torch.float64) - 5  # a zero in the max-pool would win
    conv = SameConv3d(2, 3, kernel, stride=stride, padding=9).double()
    convolved, pooled = conv(x), SameMaxPool3d(kernel, stride)(x)
    times, rows, columns = windows(shape, kernel, stride)
    assert convolved.shape[2:] == pooled.shape[2:] == (len(times), len(rows), len(columns))
    for t, time in enumerate(times):
        for r, row in enumerate(rows):
            for c, column in enumerate(columns):
                total, largest = conv.bias.clone(), torch.full((2,), -torch.inf).double()
                for xt, kt in time:
                    for xr, kr in row:
                        for xc, kc in column:
                            pixel = x[0, :, xt, xr, xc]
                            total = total + conv.weight[:, :, kt, kr, kc] @ pixel
                            largest = torch.maximum(largest, pixel)
                assert torch.allclose(convolved[0, :, t, r, c], total, atol=1e-12)
                assert torch.equal(pooled[0, :, t, r, c], largest)


def test_all_layers_of_a_same_network_use_same_padding():
    model, symmetric = small(padding='same'), small()
    convs = [module for module in model.modules() if isinstance(module, nn.Conv3d)]
    assert all(isinstance(conv, SameConv3d) for conv in convs)
    assert isinstance(model.maxpool, SameMaxPool3d)
    symmetric.load_state_dict(model.state_dict())
    model.eval(), symmetric.eval()
    odd, even = torch.randn(1, 3, 5, 33, 33), torch.randn(1, 3, 4, 32, 32)
    # Sizes 2^k + 1 stay odd at every stage, so that all padding is symmetric.
    assert torch.allclose(model(odd), symmetric(odd), atol=1e-5)
    assert not torch.allclose(model(even), symmetric(even), atol=1e-2)


def test_initial_weights():
    model = small(50, 16)
    model.init_weights()
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv3d):
            fan_in = module.in_channels * math.prod(module.kernel_size)
            std = math.sqrt(1 / fan_in)
            error = 6 / math.sqrt(2 * module.weight.numel())
            assert module.weight.std().item() == pytest.approx(std, rel=error), name
            assert module.weight.abs().max() <= 2 * std / 0.8796 * 1.001, name
        if isinstance(module, nn.BatchNorm3d):
            assert (module.weight == 1).all() and (module.bias == 0).all(), name
    zeroed = small(50, 16, zero_init_residual=True)
    zeroed.init_weights()
    assert (zeroed.layer1[0].conv3.bn.weight == 0).all()


def test_initialization_keeps_a_checkpoint(tmp_path):
    source = small()
    source.init_weights()
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'weights.pth')
    checkpoint = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'weights.pth'))
    whole = MODELS.build(
        dict(
            type='FeatureExtractor',
            backbone=dict(type='R3DResNet', depth=18, base_channels=8, init_cfg=checkpoint),
        )
    )
    whole.init_weights()
    for name, value in source.state_dict().items():
        assert torch.equal(whole.backbone.state_dict()[name], value), name


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match="'symmetric' or 'same', got 'valid'"):
        small(padding='valid')
    with pytest.raises(ValueError, match='init_cfg'):
        small(pretrained='resnet50.pth')


def test_a_2d_network_is_inflated_completely(tmp_path):
    """Kernels are repeated over time and divided, so that a still image gives the same."""
    flat = MODELS.build(dict(type='NarrowResNet', depth=18, base_channels=4))
    flat.init_weights()
    torch.save(
        {'state_dict': {f'backbone.{k}': v for k, v in flat.state_dict().items()}},
        tmp_path / 'a.pth',
    )
    start = dict(
        type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'a.pth'), inflate=True
    )
    deep = R3DResNet(depth=18, base_channels=4, init_cfg=start)
    deep.init_weights()
    ours, theirs = deep.state_dict(), flat.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        summed = ours[name].sum(dim=2) if value.ndim == 4 else ours[name]
        assert torch.allclose(summed, value, atol=1e-6), name
