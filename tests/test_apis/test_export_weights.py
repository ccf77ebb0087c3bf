"""Weights are exported under names of stock networks only if these take them."""

import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.models.backbones.resnet import ResNet
from mmaction.models.backbones.resnet3d_slowonly import ResNet3dSlowOnly
from mmaction.models.backbones.resnet_tsm import ResNetTSM

from tests.classifiers import save_classifier
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoClassifier, VideoEmbedder
from vsslbox.apis.export_weights import named_weights
from vsslbox.checkpoints import zoo
from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint, load_weights
from vsslbox.models.backbones import (
    NarrowResNet,
    NarrowResNetTSM,
    R3DResNet,
    VideoResNet2Plus1d,
    VideoResNet3d,
)

WIDTHS = (64, 128, 256, 512)
BLOCKS = (2, 2, 2, 2)  # of a ResNet-18


def torchvision_shapes():
    """Return the shapes of torchvision's resnet18 without fc, by its own naming rules."""
    shapes = {}

    def norm(name, width):
        for value in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{name}.{value}'] = (width,)

    def conv(name, norm_name, out, inside, size):
        shapes[f'{name}.weight'] = (out, inside, size, size)
        norm(norm_name, out)

    conv('conv1', 'bn1', 64, 3, 7)
    before = 64
    for stage, width in enumerate(WIDTHS, start=1):
        for block in range(2):
            name = f'layer{stage}.{block}'
            conv(f'{name}.conv1', f'{name}.bn1', width, before, 3)
            conv(f'{name}.conv2', f'{name}.bn2', width, width, 3)
            if block == 0 and stage > 1:
                conv(f'{name}.downsample.0', f'{name}.downsample.1', width, before, 1)
            before = width
    return shapes


def forward_resnet18(weights, x):
    """Compute the last feature map from weights under torchvision's names."""
    weights = {name: weight.double() for name, weight in weights.items()}

    def conv_norm(x, conv, norm, stride=1):
        kernel = weights[f'{conv}.weight']
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        scale, shift, mean, var = (
            weights[f'{norm}.{value}'][:, None, None]
            for value in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    x = F.max_pool2d(conv_norm(x, 'conv1', 'bn1', 2).relu(), 3, 2, 1)
    for stage in range(1, 5):
        for block in range(2):
            name = f'layer{stage}.{block}'
            stride = 2 if block == 0 and stage > 1 else 1
            y = conv_norm(x, f'{name}.conv1', f'{name}.bn1', stride).relu()
            y = conv_norm(y, f'{name}.conv2', f'{name}.bn2')
            if f'{name}.downsample.0.weight' in weights:
                x = conv_norm(x, f'{name}.downsample.0', f'{name}.downsample.1', stride)
            x = (x + y).relu()
    return x


def save(path, backbone, **others):
    """Write a checkpoint with random weights and statistics."""
    torch.manual_seed(0)
    state = {}
    for name, tensor in backbone.state_dict().items():
        if tensor.ndim > 1:
            value = torch.randn_like(tensor) * (2 / tensor[0].numel()) ** 0.5
        else:
            value = torch.rand_like(tensor) + 0.5 if tensor.ndim else tensor
        state[f'backbone.{name}'] = value
    torch.save(dict(state_dict={**state, **others}), path)
    return path


@pytest.fixture(scope='module')
def stock(tmp_path_factory):
    """A checkpoint with a ResNet-18 of full width, and a part beside it."""
    path = tmp_path_factory.mktemp('stock') / 'stock.pth'
    return save(path, NarrowResNet(18, 64), **{'neck.weight': torch.ones(2)})


@pytest.fixture
def export(tmp_path, monkeypatch):
    def export(checkpoint, *words, name='out.pth'):
        out = tmp_path / 'new' / name
        with imported_tool('export.py') as tool:
            assert run_main(tool, monkeypatch, checkpoint, '-o', out, *words) == 0
        return out

    return export


def features(backbone, path, x):
    load_weights(backbone, path)
    with torch.no_grad():
        backbone.eval()  # mmaction2's return None
        return backbone.double()(x)


def assert_close(found, expected):
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_torchvision_gets_its_names_and_shapes(export, stock):
    found = load_checkpoint(export(stock, '--names', 'torchvision'))['state_dict']
    assert {name: tuple(weight.shape) for name, weight in found.items()} == torchvision_shapes()
    x = torch.randn(1, 3, 65, 64, dtype=torch.float64)
    assert_close(features(NarrowResNet(18, 64), stock, x), forward_resnet18(found, x))


@pytest.mark.slow
@pytest.mark.parametrize(
    ('names', 'build'),
    [
        ('mmaction-tsn', lambda: ResNet(18)),
        ('mmaction-tsm', lambda: ResNetTSM(18, pretrained2d=False)),
        ('mmaction-slowonly', lambda: ResNet3dSlowOnly(depth=18)),
    ],
)
def test_a_network_of_mmaction2_takes_the_file(export, stock, names, build):
    found = load_checkpoint(export(stock, '--names', names))['state_dict']
    with torch.device('meta'):
        theirs = build().state_dict()
    theirs = {f'backbone.{n}': w.shape for n, w in theirs.items() if 'num_batches' not in n}
    assert {name: weight.shape for name, weight in found.items()} == theirs


@pytest.mark.slow
@pytest.mark.parametrize('names', ['mmaction-tsn', 'mmaction-tsm'])
def test_a_2d_export_gives_the_same_features(export, stock, names):
    x = torch.randn(1, 3, 65, 64, dtype=torch.float64)
    expected = features(NarrowResNet(18, 64), stock, x)
    found = features(ResNet(18, norm_eval=False), export(stock, '--names', names), x)
    assert_close(found, expected)


def test_slowonly_sees_a_still_clip_as_the_image(export, tmp_path):
    narrow = save(tmp_path / 'narrow.pth', NarrowResNet(18, 4))
    image = torch.randn(1, 3, 33, 32, dtype=torch.float64)
    clip = image.unsqueeze(2).expand(-1, -1, 19, -1, -1)  # the middle one sees no padding
    path = export(narrow, '--names', 'mmaction-slowonly')
    found = features(ResNet3dSlowOnly(depth=18, base_channels=4, norm_eval=False), path, clip)
    assert_close(found[:, :, 9], features(NarrowResNet(18, 4), narrow, image))


@pytest.mark.slow
@pytest.mark.parametrize(
    ('build', 'name', 'network'),
    [
        (VideoResNet3d, 'stem.0.weight', 'r3d_18'),
        (VideoResNet2Plus1d, 'stem.3.weight', 'r2plus1d_18'),
    ],
)
def test_video_networks_of_torchvision(tmp_path, build, name, network):
    path = save(tmp_path / 'video.pth', build())
    found, taker = named_weights(path, 'torchvision')
    assert taker == f'torchvision.models {network}'
    assert torch.equal(found[name], load_checkpoint(path)['state_dict'][f'backbone.{name}'])


@pytest.mark.slow
@pytest.mark.parametrize(
    ('build', 'names', 'message'),
    [
        (
            lambda: NarrowResNet(18, 16),
            'torchvision',
            r'ResNet-18 whose conv1.* is \[16, 3, 7, 7\]',
        ),
        (
            lambda: NarrowResNet(18, 16),
            'mmaction-tsn',
            r'mmaction-ts[nm] has 64 channels there, and no option',
        ),
        (
            lambda: NarrowResNet(18, 16),
            'mmaction-tsm',
            r'mmaction-ts[nm] has 64 channels there, and no option',
        ),
        (lambda: R3DResNet(18, 4), 'torchvision', r'none of torchvision \(resnet18, .* takes'),
        (lambda: R3DResNet(18, 4), 'mmaction-slowonly', r'takes only a 2D ResNet'),
        (lambda: VideoResNet3d(base_channels=8), 'torchvision', r'is no ResNet whose stem'),
        (
            lambda: NarrowResNetTSM(18, 64),
            'torchvision',
            r'shifts features in time .* mmaction-tsm',
        ),
        (
            lambda: NarrowResNetTSM(18, 64),
            'mmaction-tsn',
            r'shifts features in time .* mmaction-tsm',
        ),
    ],
)
def test_what_no_stock_network_takes_is_refused(tmp_path, build, names, message):
    path = save(tmp_path / 'other.pth', build())
    with pytest.raises(CheckpointError, match=message) as raised:
        named_weights(path, names)
    if 'shifts' not in message:
        assert '-o FILE.onnx or FILE.pt2' in str(raised.value)


@pytest.mark.slow
def test_a_resnet_with_more_layers_is_refused(tmp_path):
    more = {'backbone.layer5.0.extra.weight': torch.ones(3)}
    path = save(tmp_path / 'more.pth', NarrowResNet(18, 64), **more)
    with pytest.raises(CheckpointError, match=r'that mmaction-tsn lacks, such as layer5\.0\.extra'):
        named_weights(path, 'mmaction-tsn')
    with pytest.raises(CheckpointError, match='none of torchvision'):
        named_weights(path, 'torchvision')


def test_published_weights_must_be_imported_first(tmp_path):
    path = tmp_path / 'moco.pth'
    torch.save(dict(state_dict={'module.encoder_q.conv1.weight': torch.ones(1)}), path)
    with pytest.raises(CheckpointError, match=r'tools/convert/import_weights\.py first'):
        named_weights(path, 'torchvision')


def test_weights_of_the_zoo_are_exported_by_name(tmp_path, monkeypatch, stock):
    entry = zoo.ZooEntry('toy', stock.as_uri(), 'a licence', 'a toy')
    monkeypatch.setattr(zoo, 'zoo_entries', lambda: {'toy': entry})
    monkeypatch.setenv('VSSLBOX_CACHE', str(tmp_path))
    monkeypatch.delenv('VSSLBOX_ZOO_MIRROR', raising=False)
    expected, _ = named_weights(stock, 'torchvision')
    found, _ = named_weights('zoo://toy', 'torchvision')
    assert all(torch.equal(found[name], weight) for name, weight in expected.items())


@pytest.mark.parametrize(
    'name',
    ['vclr_r18w16_demo', 'cvrl_r3d18w12_demo', 'vdim_r21dw8_demo', 'vie_3dresnet_r18w16_demo'],
)
def test_safetensors_hold_all_weights_of_every_method(export, name):
    safetensors = pytest.importorskip('safetensors.torch', reason='safetensors is not installed')
    found = safetensors.load_file(export(f'zoo://{name}', name='out.safetensors'))
    weights = load_checkpoint(f'zoo://{name}')['state_dict']
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


@pytest.mark.slow
def test_a_safetensors_file_is_a_checkpoint(export, tmp_path):
    """The commands of vsslbox read the config, the classes and the weights from it."""
    pytest.importorskip('safetensors', reason='safetensors is not installed')
    frames = np.random.default_rng(0).integers(0, 256, (24, 48, 64, 3), dtype=np.uint8)
    path = export('zoo://cvrl_r3d18w12_demo', name='out.safetensors')
    expected = VideoEmbedder('zoo://cvrl_r3d18w12_demo', device='cpu')(frames)['predictions']
    found = VideoEmbedder(path, device='cpu')(frames)['predictions']
    np.testing.assert_array_equal(found, expected)
    checkpoint = save_classifier(tmp_path / 'best.pth', 'tsn', ['run', 'jümp'])
    path = export(checkpoint, name='best.safetensors')
    expected = VideoClassifier(checkpoint, device='cpu')(frames)['predictions']
    assert VideoClassifier(path, device='cpu')(frames)['predictions'] == expected
    assert expected[0]['scores'].keys() == {'run', 'jümp'}


def test_a_damaged_safetensors_file_is_told(export):
    pytest.importorskip('safetensors', reason='safetensors is not installed')
    path = export('zoo://cvrl_r3d18w12_demo', name='out.safetensors')
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r'out\.safetensors is damaged, cut short or not'):
        load_checkpoint(path)


def test_safetensors_of_other_code_fill_a_backbone(tmp_path, stock):
    safetensors = pytest.importorskip('safetensors.torch', reason='safetensors is not installed')
    weights, _ = named_weights(stock, 'torchvision')
    safetensors.save_file(weights, tmp_path / 'model.safetensors')  # without meta data
    found, expected = NarrowResNet(18, 64), NarrowResNet(18, 64)
    load_weights(found, tmp_path / 'model.safetensors')
    load_weights(expected, stock)
    expected = expected.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in found.state_dict().items())


def test_safetensors_of_views_and_other_layouts(tmp_path, export):
    safetensors = pytest.importorskip('safetensors.torch', reason='safetensors is not installed')
    shared = torch.arange(24.0)
    weights = dict(a=shared[:12].view(3, 4).T, b=shared[6:], c=shared[6:])
    torch.save(dict(state_dict=weights), tmp_path / 'views.pth')
    found = safetensors.load_file(export(tmp_path / 'views.pth', name='out.safetensors'))
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


def test_without_safetensors_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'safetensors.torch', None)
    words = ['zoo://cvrl_r3d18w12_demo', '-o', tmp_path / 'out.safetensors']
    message = r"package safetensors: pip install 'vsslbox\[export\]'"
    with imported_tool('export.py') as tool, pytest.raises(ImportError, match=message):
        run_main(tool, monkeypatch, *words)
    assert not list(tmp_path.iterdir())
