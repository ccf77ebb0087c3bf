"""VIE's networks: sizes, order of operations and padding, taps, initial weights."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsslbox.models.backbones import FrameConcat, PreActResNet3d, PreActSlowFast, TwoStream
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

FLAT = dict(conv1_kernel_t=1, pool1_t=(1, 1), strides_t=(1, 1, 1, 1))
SINGLE = dict(FLAT, kernels_t=[(1, 1)] * 4)
SLOW = dict(FLAT, kernels_t=[(1, 1)] * 2 + [(3, 1)] * 2)
R3D = dict()
FAMILIES = dict(single=SINGLE, slow=SLOW, r3d=R3D)


def small(**kwargs):
    return randomize(PreActResNet3d(base_channels=4, **kwargs))


def small_slowfast():
    return randomize(PreActSlowFast(base_channels=8, fast_channels=2))


def randomize(model):
    """Convert to float64, and give every BN statistics and affine values of its own."""
    for module in model.double().modules():
        if isinstance(module, nn.BatchNorm3d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5)
            for values in (module.bias.data, module.running_mean):
                values.uniform_(-0.5, 0.5)
    return model.eval()


def clips(frames=16, size=32, count=2):
    return torch.randn(count, 3, frames, size, size, dtype=torch.float64)


# --- a literal reference, from the names and values of the weights


def conv(x, weight, stride=(1, 1, 1)):
    _, _, t, h, w = weight.shape
    padded = F.pad(x, (w // 2, w // 2, h // 2, h // 2, t // 2, t // 2))
    return F.conv3d(padded, weight, stride=stride)


def bn_relu(x, weights, name):
    mean, var, scale, shift = (
        weights[f'{name}.{key}'].view(1, -1, 1, 1, 1)
        for key in ('running_mean', 'running_var', 'weight', 'bias')
    )
    return ((x - mean) / (var + 1e-5).sqrt() * scale + shift).clamp(min=0)


def same_pool(x, kernel, stride):
    pads = []
    for size, k, s in zip(x.shape[2:], kernel, stride, strict=True):
        total = max((math.ceil(size / s) - 1) * s + k - size, 0)
        pads = [total // 2, total - total // 2, *pads]
    x = F.pad(x, pads, value=-math.inf)
    for axis, (k, s) in enumerate(zip(kernel, stride, strict=True)):
        x = x.unfold(2 + axis, k, s).amax(dim=-1)
    return x


def reference(weights, x, pool_t, strides_t, laterals=None):
    """Compute the raw maps after the pool and after each stage, and the output of the network."""
    weights = dict(weights)
    x = conv(x, weights['conv1.weight'], (1, 2, 2))
    x = same_pool(x, (pool_t[0], 3, 3), (pool_t[1], 2, 2))
    x = x if laterals is None else torch.cat([x, laterals[0]], dim=1)
    raw = [x]
    for stage in range(4):
        for block in range(2):
            name = f'layer{stage + 1}.{block}'
            first = block == 0
            space = 2 if first and stage > 0 else 1
            stride = (strides_t[stage] if first else 1, space, space)
            activated = bn_relu(x, weights, f'{name}.bn1')
            if first:
                shortcut = F.conv3d(activated, weights[f'{name}.downsample.weight'], stride=stride)
            else:
                assert f'{name}.downsample.weight' not in weights
                shortcut = x
            x = conv(activated, weights[f'{name}.conv1.weight'], stride)
            x = bn_relu(x, weights, f'{name}.bn2')
            x = shortcut + conv(x, weights[f'{name}.conv2.weight'])
        x = x if laterals is None else torch.cat([x, laterals[stage + 1]], dim=1)
        raw.append(x)
    return raw, bn_relu(x, weights, 'bn')


def part(model, prefix):
    prefix += '.'
    return {
        name.removeprefix(prefix): value
        for name, value in model.state_dict().items()
        if name.startswith(prefix)
    }


def slowfast_reference(model, x):
    """Compute the raw maps of the slow pathway, and the outputs of both."""
    fast_raw, fast_end = reference(part(model, 'fast_path'), x, (1, 1), (1, 1, 1, 1))
    laterals = [
        F.conv3d(F.pad(maps, (0, 0, 0, 0, 2, 2)), lateral.weight, stride=(4, 1, 1))
        for maps, lateral in zip(fast_raw, model.laterals, strict=True)
    ]
    slow = x[:, :, [0, 4, 8, 12]]
    slow_raw, slow_end = reference(part(model, 'slow_path'), slow, (1, 1), (1, 1, 1, 1), laterals)
    return slow_raw, slow_end, fast_end


# --- sizes


@pytest.mark.parametrize(
    ('build', 'embedding', 'expected'),
    [
        (lambda: PreActResNet3d(**SINGLE), 512 * 128 + 128, 11_244_480),
        (lambda: PreActResNet3d(**R3D), 512 * 128 + 128, 33_271_872),
        (lambda: PreActResNet3d(**SLOW), 512 * 128 + 128, 20_091_840),
        (lambda: PreActSlowFast(), 704 * 128 + 128, 21_678_280),
    ],
)
def test_number_of_parameters_is_that_of_the_paper(build, embedding, expected):
    with torch.device('meta'):
        model = build()
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trainable + embedding == expected
    assert model.feat_dim * 128 + 128 == embedding
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm3d)]
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.003, 1e-5)}


# channels, frames, height: after the stem, the pool, and the four stages
@pytest.mark.parametrize(
    ('family', 'frames', 'size', 'expected_t', 'expected_s'),
    [
        ('r3d', 16, 112, [16, 8, 8, 4, 2, 1], [56, 28, 28, 14, 7, 4]),
        ('slow', 4, 224, [4] * 6, [112, 56, 56, 28, 14, 7]),
        ('single', 1, 224, [1] * 6, [112, 56, 56, 28, 14, 7]),
    ],
)
def test_maps_shrink_as_in_the_paper(family, frames, size, expected_t, expected_s):
    with torch.device('meta'):
        model, x = PreActResNet3d(**FAMILIES[family]), torch.empty(2, 3, frames, size, size)
    maps = [model.conv1(x), *(raw for raw, _ in model.walk(x))]
    widths = [64, 64, 64, 128, 256, 512]
    expected = zip([2] * 6, widths, expected_t, expected_s, expected_s, strict=True)
    assert [tuple(each.shape) for each in maps] == list(expected)
    assert model(x).shape == maps[-1].shape


@pytest.mark.parametrize(
    ('family', 'frames', 'size', 'read_out'),
    [
        ('single', 1, 224, [100_352, 50_176, 25_088]),
        ('r3d', 16, 112, [25_088, 12_544, 8_192]),
    ],
)
def test_read_outs_see_the_number_of_values_of_the_paper(family, frames, size, read_out):
    with torch.device('meta'):
        model, x = PreActResNet3d(**FAMILIES[family]), torch.empty(1, 3, frames, size, size)
    maps = model.extract(x)
    assert list(maps) == ['conv3', 'conv4', 'conv5']
    assert [each.mean(dim=2).numel() for each in maps.values()] == read_out


def test_slowfast_maps():
    with torch.device('meta'):
        model, x = PreActSlowFast(), torch.empty(2, 3, 16, 112, 112)
    assert model(x).shape == (2, 704, 1, 4, 4)
    assert encode_clips(model, x).shape == (2, 704)
    steps = [tuple(raw.shape[1:4]) for raw, _ in model.fast_path.walk(x)]
    assert steps == [(8, 16, 28), (8, 16, 28), (16, 16, 14), (32, 16, 7), (64, 16, 4)]
    taps = model.extract(x, ('conv1', 'conv2', 'conv3', 'conv4', 'conv5'))
    widths = [tuple(each.shape[1:4]) for each in taps.values()]
    assert widths == [(80, 4, 28), (80, 4, 28), (160, 4, 14), (320, 4, 7), (640, 4, 4)]


# --- values


@pytest.mark.parametrize(('frames', 'size'), [(16, 32), (5, 33)])
@pytest.mark.parametrize('family', sorted(FAMILIES))
def test_maps_equal_the_reference(family, frames, size):
    kwargs = FAMILIES[family]
    model, x = small(**kwargs), clips(frames, size)
    strides_t = kwargs.get('strides_t', (1, 2, 2, 2))
    raw, end = reference(model.state_dict(), x, kwargs.get('pool1_t', (3, 2)), strides_t)
    with torch.no_grad():
        taps = model.extract(x, ('conv1', 'conv2', 'conv3', 'conv4', 'conv5'))
        output = model(x)
    assert torch.allclose(output, end, atol=1e-10)
    for stage, tap in enumerate(('conv1', 'conv2', 'conv3', 'conv4')):
        above = bn_relu(raw[stage], model.state_dict(), f'layer{stage + 1}.0.bn1')
        assert torch.allclose(taps[tap], above, atol=1e-10), tap
    assert torch.equal(taps['conv5'], output)


def test_slowfast_equals_the_reference():
    model, x = small_slowfast(), clips()
    with torch.no_grad():
        slow_raw, slow_end, fast_end = slowfast_reference(model, x)
        taps, output = model.extract(x), model(x)
        features = encode_clips(model, x)
    assert torch.allclose(output[:, :96, 0], slow_end.mean(dim=2), atol=1e-10)
    assert torch.allclose(output[:, 96:, 0], fast_end.mean(dim=2), atol=1e-10)
    pooled = [end.mean(dim=(2, 3, 4)) for end in (slow_end, fast_end)]
    assert torch.allclose(features, torch.cat(pooled, dim=1), atol=1e-10)
    for stage, tap in enumerate(('conv3', 'conv4'), 2):
        above = bn_relu(slow_raw[stage], part(model, 'slow_path'), f'layer{stage + 1}.0.bn1')
        assert torch.allclose(taps[tap], above, atol=1e-10), tap
    assert torch.allclose(taps['conv5'], slow_end, atol=1e-10)


def test_a_single_frame_network_encodes_frames_separately():
    model, x = small(**SINGLE), clips(3)
    with torch.no_grad():
        alone = torch.cat([model(x[:, :, [frame]]) for frame in range(3)], dim=2)
        assert torch.allclose(model(x), alone, atol=1e-10)


def test_statistics_move_by_three_thousandths():
    model = small().train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.reset_running_stats()
    x = clips()
    pooled = same_pool(conv(x, model.conv1.weight, (1, 2, 2)), (3, 3, 3), (2, 2, 2))
    model(x)
    expected = 0.003 * pooled.mean(dim=(0, 2, 3, 4))
    assert torch.allclose(model.layer1[0].bn1.running_mean, expected, atol=1e-12)
    counters = [v.item() for k, v in model.state_dict().items() if 'num_batches' in k]
    assert counters == [1] * 17  # no BN has run twice


def test_nothing_above_the_highest_tap_is_computed():
    model = small().train()
    model.extract(clips(), ('conv3', 'conv2'))
    run = {k for k, v in model.state_dict().items() if 'num_batches' in k and v.item() == 1}
    stages = [f'layer{stage}.{block}.bn{n}' for stage in (1, 2) for block in (0, 1) for n in (1, 2)]
    assert run == {f'{name}.num_batches_tracked' for name in [*stages, 'layer3.0.bn1']}


# --- networks of networks


def test_frames_are_concatenated_in_order():
    model = FrameConcat(dict(type='PreActResNet3d', base_channels=4, **SINGLE))
    randomize(model)
    x = clips(4)
    with torch.no_grad():
        frames = [model.frame_net(x[:, :, [frame]]).mean(dim=(2, 3, 4)) for frame in range(4)]
        assert torch.allclose(encode_clips(model, x), torch.cat(frames, dim=1), atol=1e-10)
        assert model.extract(x, ['conv3'])['conv3'].shape == (2, 8, 4, 4, 4)


def test_concatenation_needs_the_number_of_frames_unchanged():
    model = FrameConcat(dict(type='PreActResNet3d', base_channels=4))
    with pytest.raises(ValueError, match=r'keeps the 16 frames.*gives 1:'):
        model(clips().float())


@pytest.mark.parametrize('dynamic', ['PreActSlowFast', 'PreActResNet3d'])
def test_two_streams_are_concatenated(dynamic):
    static = dict(type='PreActResNet3d', base_channels=4, **SINGLE)
    model = randomize(TwoStream(static, dict(type=dynamic, base_channels=8)))
    x = clips()
    with torch.no_grad():
        frames = [model.static(x[:, :, [frame]]).mean(dim=(2, 3, 4)) for frame in range(16)]
        seen = encode_clips(model.dynamic, x)
        if dynamic == 'PreActSlowFast':  # its last values are the end of the fast pathway
            seen = seen[:, : 64 + 2 * 8 * 8]
        parts = [sum(frames) / 16, seen]
        assert torch.allclose(encode_clips(model, x), torch.cat(parts, dim=1), atol=1e-10)
        assert model.feat_dim == model(x).shape[1]
        tap = model.extract(x, ['conv4'])['conv4']
        seen = [net.extract(x, ['conv4'])['conv4'] for net in (model.static, model.dynamic)]
    assert torch.equal(tap[:, :16, 0], seen[0].mean(dim=2))
    assert torch.equal(tap[:, 16:, 0], seen[1].mean(dim=2))


# --- initial weights, wrong arguments


def test_initial_weights():
    model = PreActSlowFast(base_channels=16, fast_channels=8)
    model.init_weights()
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv3d):
            std = math.sqrt(1 / module.weight[0].numel())
            error = 6 / math.sqrt(2 * module.weight.numel())
            assert module.weight.std().item() == pytest.approx(std, rel=error), name
            assert module.weight.abs().max() <= 2 * std / 0.8796 * 1.001, name
            assert module.bias is None, name


@pytest.mark.filterwarnings('ignore:init_weights of')
@pytest.mark.parametrize('model_class', [PreActResNet3d, PreActSlowFast])
def test_weights_are_drawn_once(model_class):
    model = model_class(base_channels=8)
    model.init_weights()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.init_weights()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize('name', ['PreActResNet3d', 'PreActSlowFast'])
def test_initialization_keeps_a_checkpoint(name, tmp_path):
    cfg = dict(type=name, base_channels=8)
    source = MODELS.build(cfg)
    source.init_weights()
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'weights.pth')
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'weights.pth'))
    whole = MODELS.build(dict(type='FeatureExtractor', backbone=dict(cfg, init_cfg=start)))
    whole.init_weights()
    for key, value in source.state_dict().items():
        assert torch.equal(whole.backbone.state_dict()[key], value), key


def test_trained_single_frame_weights_start_a_concatenation(tmp_path):
    single = dict(type='PreActResNet3d', base_channels=4, **SINGLE)
    source = MODELS.build(dict(type='FeatureExtractor', backbone=single))
    source.init_weights()
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'weights.pth')
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'weights.pth'))
    model = FrameConcat(dict(single, init_cfg=start))
    model.init_weights()
    for key, value in source.backbone.state_dict().items():
        assert torch.equal(model.frame_net.state_dict()[key], value), key


@pytest.mark.parametrize('build', [small, small_slowfast])
def test_unknown_taps_are_refused(build):
    with pytest.raises(ValueError, match=r'taps must be of conv1, .*conv5, got conv6'):
        build().extract(clips(), ('conv3', 'conv6'))


def test_every_stage_needs_its_values():
    with pytest.raises(ValueError, match='one entry for each stage, got 3, 4 and 4 entries'):
        PreActResNet3d(blocks=(2, 2, 2))
