"""R3D, R(2+1)D, S3D, 2d3d and C3D: parameters, shapes, names, and layers against literal ones."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.models.backbones import C3D, ResNet3d

from vsslbox.checkpoints.loading import load_weights
from vsslbox.models.backbones import (
    S3D,
    C3DTrunk,
    ResNet2d3d,
    VideoResNet2Plus1d,
    VideoResNet3d,
)
from vsslbox.models.utils import is_3d

CLASSIFIER = 512 * 400 + 400  # of Kinetics-400, which the published counts include
SMALL = (1, 3, 16, 112, 112)


@pytest.mark.parametrize(
    ('kind', 'kwargs', 'clip', 'parameters', 'maps'),
    [
        (VideoResNet3d, {}, SMALL, 33_371_472 - CLASSIFIER, (512, 2, 7, 7)),
        (VideoResNet3d, dict(blocks=(3, 4, 6, 3)), SMALL, 63_475_904, (512, 2, 7, 7)),
        (VideoResNet2Plus1d, {}, SMALL, 31_505_325 - CLASSIFIER, (512, 2, 7, 7)),
        (S3D, {}, (1, 3, 32, 128, 128), 7_910_048, (1024, 4, 4, 4)),
        (S3D, dict(gating=True), (1, 3, 32, 128, 128), 9_098_000, (1024, 4, 4, 4)),
        (S3D, dict(stem_stride_t=1), (1, 3, 16, 128, 128), 7_910_048, (1024, 4, 4, 4)),
        (ResNet2d3d, {}, (1, 3, 5, 128, 128), 14_057_536, (256, 2, 4, 4)),
        (ResNet2d3d, dict(depth=34), (1, 3, 5, 224, 224), 32_422_208, (256, 2, 7, 7)),
        (C3DTrunk, {}, SMALL, 27_655_936, (512, 2, 7, 7)),
    ],
)
def test_parameters_and_shapes(kind, kwargs, clip, parameters, maps):
    with torch.device('meta'):
        model = kind(**kwargs)
        assert sum(parameter.numel() for parameter in model.parameters()) == parameters
        assert model(torch.empty(clip)).shape == (1, *maps)
    assert model.feat_dim == maps[0]
    assert is_3d(model)


def torchvision_tensors(convolutions, stem):
    """Return the tensors of torchvision's video ResNet-18 by name.

    ``convolutions`` maps the name of a convolution of a block to its weights' shapes.
    """
    shapes = dict(stem)
    for stage, width in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            narrow = width // 2 if block == 0 and stage > 1 else width
            name = f'layer{stage}.{block}'
            shapes |= convolutions(f'{name}.conv1', narrow, width, narrow)
            shapes |= convolutions(f'{name}.conv2', width, width, narrow)
            if narrow < width:
                shapes[f'{name}.downsample.0.weight'] = (width, narrow, 1, 1, 1)
                shapes |= norm(f'{name}.downsample.1', width)
    shapes |= {'fc.weight': (400, 512), 'fc.bias': (400,)}
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def norm(name, channels):
    kinds = ('weight', 'bias', 'running_mean', 'running_var')
    return {f'{name}.{kind}': (channels,) for kind in kinds} | {f'{name}.num_batches_tracked': ()}


def whole(name, channels_in, channels_out, first):
    return {f'{name}.0.weight': (channels_out, channels_in, 3, 3, 3)} | norm(
        f'{name}.1', channels_out
    )


def split(name, channels_in, channels_out, first):
    # Of the block, not of the convolution: 230 in the first block of the second stage.
    middle = 27 * first * channels_out // (9 * first + 3 * channels_out)
    return {
        f'{name}.0.0.weight': (middle, channels_in, 1, 3, 3),
        **norm(f'{name}.0.1', middle),
        f'{name}.0.3.weight': (channels_out, middle, 3, 1, 1),
        **norm(f'{name}.1', channels_out),
    }


R3D_STEM = {'stem.0.weight': (64, 3, 3, 7, 7), **norm('stem.1', 64)}
R21D_STEM = {
    'stem.0.weight': (45, 3, 1, 7, 7),
    **norm('stem.1', 45),
    'stem.3.weight': (64, 45, 3, 1, 1),
    **norm('stem.4', 64),
}


@pytest.mark.parametrize(
    ('kind', 'convolutions', 'stem'),
    [(VideoResNet3d, whole, R3D_STEM), (VideoResNet2Plus1d, split, R21D_STEM)],
)
def test_weights_of_torchvision_load(kind, convolutions, stem):
    tensors = torchvision_tensors(convolutions, stem)
    model = kind()
    report = load_weights(model, tensors)
    assert 'torchvision checkpoint of a video network' in report.source
    assert report.unused == ['fc.weight', 'fc.bias']
    for name, value in model.state_dict().items():
        if not name.endswith('num_batches_tracked'):
            assert torch.equal(value, tensors[name]), name


def test_middle_widths_of_a_strided_block():
    model = VideoResNet2Plus1d()
    first, second = model.layer2
    assert [conv[0][0].out_channels for conv in (first.conv1, first.conv2)] == [230, 230]
    assert [conv[0][0].out_channels for conv in (second.conv1, second.conv2)] == [288, 288]


def randomise(model, seed=0):
    """Give a model weights and statistics that no two layers share."""
    generator = torch.Generator().manual_seed(seed)
    for value in model.state_dict().values():
        if value.is_floating_point():
            noise = torch.rand(value.shape, generator=generator, dtype=value.dtype)
            value.copy_(0.5 + noise if value.ndim == 1 else (noise - 0.4) / value[0].numel() ** 0.5)
    return model.double().eval()


def clips(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


class Layers:
    """Apply convolutions and BatchNorm by the names of their tensors."""

    def __init__(self, model):
        self.tensors = model.state_dict()

    def conv(self, name, x, stride=1):
        weight = self.tensors[f'{name}.weight']
        return F.conv3d(x, weight, stride=stride, padding=[k // 2 for k in weight.shape[2:]])

    def norm(self, name, x):
        weight, bias, mean, var = (
            self.tensors[f'{name}.{kind}'].view(-1, 1, 1, 1)
            for kind in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def conv_norm(self, conv, norm, x, stride=1):
        return self.norm(norm, self.conv(conv, x, stride))


def test_r3d_equals_literal_layers():
    model = randomise(VideoResNet3d(base_channels=4))
    layers, x = Layers(model), clips(2, 3, 6, 20, 20)
    expected = layers.conv_norm('stem.0', 'stem.1', x, (1, 2, 2)).relu()
    for name in (f'layer{stage}.{block}' for stage in (1, 2, 3, 4) for block in (0, 1)):
        shortcut, stride = expected, 1
        if name in ('layer2.0', 'layer3.0', 'layer4.0'):
            stride = 2
            shortcut = layers.conv_norm(f'{name}.downsample.0', f'{name}.downsample.1', expected, 2)
        inner = layers.conv_norm(f'{name}.conv1.0', f'{name}.conv1.1', expected, stride).relu()
        expected = (layers.conv_norm(f'{name}.conv2.0', f'{name}.conv2.1', inner) + shortcut).relu()
    assert expected.std() > 0
    torch.testing.assert_close(model(x), expected)


def test_r3d_equals_that_of_mmaction2():
    model = randomise(VideoResNet3d(base_channels=4))
    other = ResNet3d(
        18,
        base_channels=4,
        pretrained2d=False,
        with_pool1=False,
        with_pool2=False,
        temporal_strides=(1, 2, 2, 2),
    )
    other.load_state_dict({_mmaction_name(n): value for n, value in model.state_dict().items()})
    other.double().eval()
    x = clips(2, 3, 6, 20, 20)
    torch.testing.assert_close(model(x), other(x))


def _mmaction_name(name):
    *layers, number, kind = name.replace('stem', 'conv1').split('.')
    return '.'.join([*layers, 'conv' if number == '0' else 'bn', kind])


def test_r21d_block_equals_literal_layers():
    model = randomise(VideoResNet2Plus1d(base_channels=8))
    layers, x = Layers(model), clips(2, 3, 5, 18, 18)
    stem = layers.conv_norm('stem.0', 'stem.1', x, (1, 2, 2)).relu()
    stem = layers.conv_norm('stem.3', 'stem.4', stem).relu()
    torch.testing.assert_close(model.stem(x), stem)

    def split_conv(name, x, stride):
        x = layers.conv_norm(f'{name}.0.0', f'{name}.0.1', x, (1, stride, stride)).relu()
        return layers.conv_norm(f'{name}.0.3', f'{name}.1', x, (stride, 1, 1))

    x = clips(2, 8, 5, 9, 9)
    inner = split_conv('layer2.0.conv1', x, 2).relu()
    shortcut = layers.conv_norm('layer2.0.downsample.0', 'layer2.0.downsample.1', x, 2)
    expected = (split_conv('layer2.0.conv2', inner, 1) + shortcut).relu()
    torch.testing.assert_close(model.layer2[0](x), expected)


@pytest.mark.parametrize('gating', [False, True])
def test_s3d_equals_literal_layers(gating):
    model = randomise(S3D(gating=gating, width=1 / 8))
    layers = Layers(model)

    def pointwise(name, x):
        return layers.conv_norm(f'{name}.conv', f'{name}.bn', x).relu()

    def separable(name, x, stride_t=1, stride_s=1):
        space = (1, stride_s, stride_s)
        x = layers.conv_norm(f'{name}.conv1', f'{name}.bn1', x, space).relu()
        return layers.conv_norm(f'{name}.conv2', f'{name}.bn2', x, (stride_t, 1, 1)).relu()

    def inception(name, x):
        branches = [
            pointwise(f'{name}.branch0.0', x),
            separable(f'{name}.branch1.1', pointwise(f'{name}.branch1.0', x)),
            separable(f'{name}.branch2.1', pointwise(f'{name}.branch2.0', x)),
            pointwise(f'{name}.branch3.1', F.max_pool3d(x, 3, 1, 1)),
        ]
        if gating:
            for number, branch in enumerate(branches):
                weight, bias = (
                    layers.tensors[f'{name}.gating_b{number}.fc.{kind}']
                    for kind in ('weight', 'bias')
                )
                gate = torch.sigmoid(branch.mean((2, 3, 4)) @ weight.T + bias)
                branches[number] = branch * gate[..., None, None, None]
        return torch.cat(branches, 1)

    x = clips(1, 3, 16, 64, 64)
    expected = F.max_pool3d(separable('Conv_1a', x, 2, 2), (1, 3, 3), (1, 2, 2), (0, 1, 1))
    expected = separable('Conv_2c', pointwise('Conv_2b', expected))
    expected = F.max_pool3d(expected, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    for name in ('3b', '3c'):
        expected = inception(f'Mixed_{name}', expected)
    expected = F.max_pool3d(expected, 3, 2, 1)
    for name in ('4b', '4c', '4d', '4e', '4f'):
        expected = inception(f'Mixed_{name}', expected)
    expected = F.max_pool3d(expected, 2, 2)
    for name in ('5b', '5c'):
        expected = inception(f'Mixed_{name}', expected)
    assert expected.shape == (1, 128, 2, 2, 2)
    torch.testing.assert_close(model(x), expected)


def test_weights_of_coclr_load():
    """Its file holds each layer twice, once in its block, and a network for the keys."""
    source = S3D(width=1 / 8)
    names = source.state_dict()
    checkpoint = {f'module.encoder_q.0.{name}': value for name, value in names.items()}
    blocks = dict(Conv_1a='block1.0', Conv_2b='block2.1', Conv_2c='block2.2', Mixed_3b='block3.1')
    checkpoint |= {
        f'module.encoder_q.0.{blocks[name.split(".")[0]]}.{name.split(".", 1)[1]}': value
        for name, value in names.items()
        if name.split('.')[0] in blocks
    }
    checkpoint |= {f'module.encoder_k.0.{name}': value + 1 for name, value in names.items()}
    model = S3D(width=1 / 8)
    load_weights(model, dict(state_dict=checkpoint), prefix='module.encoder_q.0.')
    for name, value in model.state_dict().items():
        assert torch.equal(value, names[name]), name


def test_initial_weights_of_s3d():
    model = S3D()
    model.init_weights()
    assert model.Mixed_4f.branch1[1].conv1.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert model.Conv_2b.bn.weight.eq(1).all()


def test_first_stages_of_2d3d_see_single_frames():
    model = ResNet2d3d(base_channels=4)
    model.init_weights()
    model.eval()
    video = torch.randn(1, 3, 5, 64, 64)
    together = model.layer2(model.layer1(model.maxpool(model.conv1(video))))
    for number in range(5):
        frame = model.layer2(model.layer1(model.maxpool(model.conv1(video[:, :, [number]]))))
        torch.testing.assert_close(together[:, :, [number]], frame, atol=1e-5, rtol=1e-4)
    maps = model(video)
    assert maps.shape == (1, 16, 2, 2, 2)
    assert (maps < 0).any() and (model.layer4[0](model.layer3(together)) >= 0).all()


def test_weights_of_dpc_load_without_statistics():
    """DPC's BatchNorm keeps no statistics in pretraining; the classifier's does."""
    source = ResNet2d3d(base_channels=4, norm_cfg=dict(type='BN3d', track_running_stats=False))
    names = {
        f'module.backbone.{name.replace(".conv.", ".").replace(".bn.", ".")}': name
        for name in source.state_dict()
        if '.conv.' in name
    }
    assert 'module.backbone.layer4.1.conv2.weight' in names
    norms = {}
    for name, value in source.state_dict().items():
        if '.bn.' in name:
            layer, kind = name.rsplit('.bn.', 1)
            layer = layer.replace('downsample', 'downsample.1')
            norms[f'module.backbone.{layer.replace("conv", "bn")}.{kind}'] = value
    convs = {
        name.replace('downsample.', 'downsample.0.'): source.state_dict()[own]
        for name, own in names.items()
    }
    checkpoint = dict(state_dict=convs | norms | {'module.agg.bias': torch.zeros(3)})
    model = ResNet2d3d(base_channels=4)
    with pytest.raises(ValueError, match='running_mean'):
        load_weights(model, checkpoint)
    report = load_weights(model, checkpoint, allow_missing='*.running_')
    assert report.unused == ['module.agg.bias']
    for name, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_batch_statistics_serve_inference_in_dpc():
    model = ResNet2d3d(base_channels=4, norm_cfg=dict(type='BN3d', track_running_stats=False))
    clip = torch.randn(4, 3, 5, 32, 32)
    trained = model(clip)
    model.eval()
    torch.testing.assert_close(model(clip), trained)


@pytest.mark.slow
def test_c3d_equals_that_of_mmaction2():
    whole_net = C3D(norm_cfg=dict(type='BN3d'), out_dim=512)
    for linear in (whole_net.fc6, whole_net.fc7):  # let the pooled map through
        torch.nn.init.zeros_(linear.weight), torch.nn.init.zeros_(linear.bias)
    torch.nn.init.eye_(whole_net.fc6.weight), torch.nn.init.eye_(whole_net.fc7.weight)
    model = C3DTrunk(norm_cfg=dict(type='BN3d'))
    report = load_weights(model, whole_net.state_dict())
    assert {name.split('.')[0] for name in report.unused} == {'fc6', 'fc7'}
    video = torch.randn(1, 3, 16, 16, 16)
    maps = model.eval()(video)
    assert maps.shape == (1, 512, 2, 1, 1)
    pooled = whole_net.pool5(maps)  # padded to one position
    assert pooled.shape == (1, 512, 1, 1, 1)
    torch.testing.assert_close(whole_net.eval()(video)[:, :512], pooled.flatten(1))
