"""Imported weights give the layer outputs of an independent forward pass.

The published files are not available here. The imported files have their names, few channels and
random values. TensorFlow checkpoints are written twice: by a few lines in this file, and by
TensorFlow itself if it is installed.
"""

import argparse
import functools
import importlib.util
import io
import itertools
import math
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view

from vsslbox.checkpoints.importers.bundle_archive import open_bundle
from vsslbox.checkpoints.importers.tensor_bundle import TensorBundle
from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint, load_weights
from vsslbox.models.backbones import NarrowResNet, PreActResNet3d, R3DResNet

TOOLS = Path(__file__).resolve().parents[2] / 'tools' / 'convert'
WIDTH = 4
BLOCKS = (3, 4, 6, 3)  # of a ResNet-50
VALUE = '/.ATTRIBUTES/VARIABLE_VALUE'
NORM = ('gamma', 'beta', 'moving_mean', 'moving_variance')


@functools.cache
def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(tool, *args):
    """Run a tool with a command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [tool, *map(str, args)])
        load_tool(tool).main()


@pytest.fixture
def convert(tmp_path):
    """Convert a file by a tool, and return the path of its output."""

    def convert(tool, kind, path):
        out = tmp_path / 'converted' / f'{kind}.pth'
        run(tool, kind, path, out)
        return out

    return convert


# --- PyTorch ------------------------------------------------------------------------------------


def torch_resnet50(prefix, seed=0):
    """Random tensors of a ResNet-50 under torchvision's names."""
    draw = torch.Generator().manual_seed(seed)
    weights = {}

    def conv(name, width_out, width_in, size):
        kernel = torch.randn(width_out, width_in, size, size, generator=draw)
        weights[f'{prefix}{name}.weight'] = kernel / math.sqrt(width_in * size * size)

    def norm(name, width):
        for value in ('weight', 'bias', 'running_mean', 'running_var'):
            weights[f'{prefix}{name}.{value}'] = 0.5 + torch.rand(width, generator=draw)
        weights[f'{prefix}{name}.num_batches_tracked'] = torch.tensor(7)

    conv('conv1', WIDTH, 3, 7)
    norm('bn1', WIDTH)
    before = WIDTH
    for stage, count in enumerate(BLOCKS):
        width = WIDTH * 2**stage
        for block in range(count):
            name = f'layer{stage + 1}.{block}'
            widths = (before, width, width, 4 * width)
            for number, size in ((1, 1), (2, 3), (3, 1)):
                conv(f'{name}.conv{number}', widths[number], widths[number - 1], size)
                norm(f'{name}.bn{number}', widths[number])
            if block == 0:
                conv(f'{name}.downsample.0', 4 * width, before, 1)
                norm(f'{name}.downsample.1', 4 * width)
            before = 4 * width
    return weights


def linear(name, width_out, width_in):
    return {
        f'{name}.weight': torch.randn(width_out, width_in),
        f'{name}.bias': torch.randn(width_out),
    }


def forward_resnet50(weights, x):
    """Compute the last feature map from weights under torchvision's names."""
    weights = {name: weight.double() for name, weight in weights.items()}

    def conv(x, name, stride=1):
        kernel = weights[f'{name}.weight']
        return F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)

    def norm(x, name):
        scale, shift, mean, var = (
            weights[f'{name}.{value}'][:, None, None]
            for value in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    x = F.max_pool2d(norm(conv(x, 'conv1', 2), 'bn1').relu(), 3, 2, 1)
    for stage, count in enumerate(BLOCKS):
        for block in range(count):
            name = f'layer{stage + 1}.{block}'
            stride = 2 if block == 0 and stage > 0 else 1
            y = norm(conv(x, f'{name}.conv1'), f'{name}.bn1').relu()
            y = norm(conv(y, f'{name}.conv2', stride), f'{name}.bn2').relu()
            y = norm(conv(y, f'{name}.conv3'), f'{name}.bn3')
            if block == 0:
                x = norm(conv(x, f'{name}.downsample.0', stride), f'{name}.downsample.1')
            x = (x + y).relu()
    return x


@pytest.fixture(scope='module')
def vclr(tmp_path_factory):
    """A file with the names of vclr_k400.pth, and its weights."""
    weights = torch_resnet50('module.')
    for head in ('inter', 'intra', 'order', 'tsn'):
        weights |= linear(f'module.fc_{head}.0', 32 * WIDTH, 32 * WIDTH)
        weights |= linear(f'module.fc_{head}.2', 8, 32 * WIDTH)
    weights |= linear('module.fc_order_classifier', 4, 6 * 8)
    path = tmp_path_factory.mktemp('vclr') / 'vclr_k400.pth'
    ema = torch_resnet50('module.', seed=1)
    opt = argparse.Namespace(batch_size=64)
    torch.save(dict(opt=opt, model=weights, model_ema=ema, optimizer={}, epoch=400), path)
    return path, weights


@pytest.fixture(scope='module')
def moco(tmp_path_factory):
    """A file with the names of moco_v2_200ep_pretrain.pth.tar, and the query encoder's weights."""
    weights = torch_resnet50('module.encoder_q.')
    for number, width in ((0, 32 * WIDTH), (2, 8)):
        weights |= linear(f'module.encoder_q.fc.{number}', width, 32 * WIDTH)
    others = torch_resnet50('module.encoder_k.', seed=1) | {'module.queue': torch.randn(8, 16)}
    path = tmp_path_factory.mktemp('moco') / 'moco_v2_200ep_pretrain.pth.tar'
    torch.save(dict(epoch=200, arch='resnet50', state_dict=weights | others, optimizer={}), path)
    return path, weights


def without(prefix, weights):
    return {name.removeprefix(prefix): weight for name, weight in weights.items()}


def features(backbone, path, x):
    load_weights(backbone, path)
    with torch.no_grad():
        backbone.eval()  # mmaction2's return None
        return backbone.double()(x)


def assert_close(found, expected, tolerance=1e-5):
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize('source, prefix', [('vclr', 'module.'), ('moco', 'module.encoder_q.')])
def test_resnet_gives_the_features_of_the_published_weights(request, convert, source, prefix):
    path, weights = request.getfixturevalue(source)
    x = torch.randn(2, 3, 65, 64, dtype=torch.float64)
    found = features(NarrowResNet(50, WIDTH), convert('import_weights', source, path), x)
    assert_close(found, forward_resnet50(without(prefix, weights), x))


def test_projections_are_imported_too(convert, vclr, moco):
    path, weights = vclr
    found = load_checkpoint(convert('import_weights', 'vclr', path))['state_dict']
    pairs = {'heads.order.classifier': 'module.fc_order_classifier'}
    for ours, theirs in dict(inter='inter', intra='intra', order='order', video='tsn').items():
        for layer in (0, 2):
            pairs[f'necks.{ours}.layers.{layer}'] = f'module.fc_{theirs}.{layer}'
    for ours, theirs in pairs.items():
        for value in ('weight', 'bias'):
            assert torch.equal(found[f'{ours}.{value}'], weights[f'{theirs}.{value}'])
    path, weights = moco
    found = load_checkpoint(convert('import_weights', 'moco', path))['state_dict']
    for layer, value in itertools.product((0, 2), ('weight', 'bias')):
        theirs = weights[f'module.encoder_q.fc.{layer}.{value}']
        assert torch.equal(found[f'neck.layers.{layer}.{value}'], theirs)


def test_other_names_are_reported_in_a_table(tmp_path, vclr):
    weights = dict(vclr[1])
    weights['module.layer9.0.conv1.weight'] = weights.pop('module.layer2.3.bn1.bias')
    path = tmp_path / 'renamed.pth'
    torch.save(dict(model=weights), path)
    with pytest.raises(CheckpointError) as error:
        run('import_weights', 'vclr', path, tmp_path / 'out.pth')
    table = str(error.value)
    assert 'missing         1  module.layer2.3.bn1.bias' in table
    assert 'unused          1  module.layer9.0.conv1.weight' in table
    assert '--list' in table
    assert not (tmp_path / 'out.pth').exists()


def test_another_shape_is_refused(tmp_path, vclr):
    kernel = torch.zeros(WIDTH, WIDTH, 3, 3)
    path = tmp_path / 'reshaped.pth'
    torch.save(dict(model=vclr[1] | {'module.layer1.0.conv1.weight': kernel}), path)
    with pytest.raises(CheckpointError, match=r'wrong shape +1 +layer1\.0\.conv1\.conv\.weight'):
        run('import_weights', 'vclr', path, tmp_path / 'out.pth')


@pytest.mark.parametrize('stem', [7, torch.tensor(7)])
def test_a_stem_that_is_not_a_kernel_is_refused(tmp_path, vclr, stem):
    path = tmp_path / 'odd.pth'
    torch.save(dict(model=vclr[1] | {'module.conv1.weight': stem}), path)
    with pytest.raises(CheckpointError, match=r'conv1\.(conv\.)?weight'):
        run('import_weights', 'vclr', path, tmp_path / 'out.pth')


def test_a_file_of_another_source_is_refused(tmp_path, moco):
    with pytest.raises(CheckpointError, match="has no 'model', only epoch, arch, state_dict"):
        run('import_weights', 'vclr', moco[0], tmp_path / 'out.pth')


# --- TensorFlow ---------------------------------------------------------------------------------


def tf_norm(draw, name, width):
    return {f'{name}/{value}': draw.uniform(0.5, 1.5, width).astype('f4') for value in NORM}


def tf_kernel(draw, *shape):
    return (draw.standard_normal(shape) / math.sqrt(math.prod(shape[:-1]))).astype('f4')


def cvrl_tensors():
    """Random tensors under the names of CVRL's files, without the suffix of variables."""
    draw = np.random.default_rng(0)
    layer = 'backbone/layer_with_weights-'
    tensors = {f'{layer}0/kernel': tf_kernel(draw, 5, 7, 7, 3, WIDTH)}
    tensors |= tf_norm(draw, f'{layer}1', WIDTH)
    number, before = 2, WIDTH
    for stage, count in enumerate(BLOCKS):
        width = WIDTH * 2**stage
        temporal = (1, 1, 3, 3)[stage]
        for block in range(count):
            name = f'{layer}{number}'
            for conv, norm, kernel in (
                ('_temporal_conv', '_norm1', (temporal, 1, 1, before, width)),
                ('_spatial_conv', '_norm2', (1, 3, 3, width, width)),
                ('_expand_conv', '_norm3', (1, 1, 1, width, 4 * width)),
                ('_shortcut_conv', '_norm0', (1, 1, 1, before, 4 * width)),
            ):
                if block == 0 or norm != '_norm0':
                    tensors[f'{name}/{conv}/kernel'] = tf_kernel(draw, *kernel)
                    tensors |= tf_norm(draw, f'{name}/{norm}', kernel[-1])
            number, before = number + 1, 4 * width
    return tensors


def vie_tensors():
    """Random tensors under the names of VIE's file, and some that belong to training."""
    draw = np.random.default_rng(0)
    kernels = [(7, 7, 7, 3, WIDTH)]
    norms = []
    before = WIDTH
    for width in (WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH):
        kernels += [(1, 1, 1, before, width), (3, 3, 3, before, width)]
        kernels += [(3, 3, 3, width, width)] * 3
        norms += [before, width, width, width]
        before = width
    tensors = {}
    for number, kernel in enumerate(kernels):
        tensors[f'resnet_model/conv3d{"_" * (number > 0)}{number or ""}/kernel'] = tf_kernel(
            draw, *kernel
        )
    for number, width in enumerate([*norms, before]):
        name = f'resnet_model/batch_normalization{"_" * (number > 0)}{number or ""}'
        tensors |= tf_norm(draw, name, width)
    tensors['resnet_model/dense/kernel'] = tf_kernel(draw, before, 6)
    tensors['resnet_model/dense/bias'] = tf_kernel(draw, 6)
    tensors['resnet_model/conv3d/kernel/Momentum'] = tf_kernel(draw, 7, 7, 7, 3, WIDTH)
    tensors['instance/memory_bank'] = tf_kernel(draw, 10, 6)
    tensors['global_step'] = np.array(1_450_000, 'i8')
    return tensors


class NumpyOps:
    """TensorFlow's operations on ``[N, T, H, W, C]``, literally."""

    def windows(self, x, kernel, stride, same, fill):
        pads = []
        for size, length, step in zip(x.shape[1:4], kernel, stride):
            total = length - 1  # as much before as after, for any size
            if same:
                total = max((math.ceil(size / step) - 1) * step + length - size, 0)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
        t, h, w = stride
        return sliding_window_view(x, kernel, axis=(1, 2, 3))[:, ::t, ::h, ::w]

    def conv(self, x, kernel, stride, same):
        windows = self.windows(x, kernel.shape[:3], stride, same, 0.0)
        return np.tensordot(windows, kernel, axes=([5, 6, 7, 4], [0, 1, 2, 3]))

    def pool(self, x, kernel, stride):
        return self.windows(x, kernel, stride, True, -np.inf).max((5, 6, 7))

    def norm(self, x, gamma, beta, mean, variance):
        return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta

    def relu(self, x):
        return np.maximum(x, 0)


class TensorFlowOps:
    """The same by TensorFlow."""

    def __init__(self, tf):
        self.tf = tf

    def conv(self, x, kernel, stride, same):
        if not same:
            x = self.tf.pad(
                x, [(0, 0), *((size // 2, size // 2) for size in kernel.shape[:3]), (0, 0)]
            )
        return self.tf.nn.conv3d(x, kernel, (1, *stride, 1), 'SAME' if same else 'VALID')

    def pool(self, x, kernel, stride):
        return self.tf.nn.max_pool3d(x, kernel, stride, 'SAME')

    def norm(self, x, gamma, beta, mean, variance):
        return self.tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)

    def relu(self, x):
        return self.tf.nn.relu(x)


def forward_cvrl(ops, tensors, x):
    """Compute the last feature map."""
    layer = 'backbone/layer_with_weights-'

    def norm(x, name):
        return ops.norm(x, *(tensors[f'{name}/{value}'] for value in NORM))

    x = ops.conv(x, tensors[f'{layer}0/kernel'], (2, 2, 2), True)
    x = ops.pool(ops.relu(norm(x, f'{layer}1')), (1, 3, 3), (1, 2, 2))
    number = 2
    for stage, count in enumerate(BLOCKS):
        for block in range(count):
            name = f'{layer}{number}'
            stride = (1, 2, 2) if block == 0 and stage > 0 else (1, 1, 1)
            y = ops.conv(x, tensors[f'{name}/_temporal_conv/kernel'], (1, 1, 1), True)
            y = ops.relu(norm(y, f'{name}/_norm1'))
            y = ops.conv(y, tensors[f'{name}/_spatial_conv/kernel'], stride, True)
            y = ops.relu(norm(y, f'{name}/_norm2'))
            y = ops.conv(y, tensors[f'{name}/_expand_conv/kernel'], (1, 1, 1), True)
            y = norm(y, f'{name}/_norm3')
            if block == 0:
                x = ops.conv(x, tensors[f'{name}/_shortcut_conv/kernel'], stride, True)
                x = norm(x, f'{name}/_norm0')
            x = ops.relu(x + y)
            number += 1
    return x


def forward_vie(ops, tensors, x):
    """Compute the last feature map; layers are numbered by call, as in TensorFlow 1."""
    convs, norms = itertools.count(), itertools.count()

    def numbered(name, counter):
        number = next(counter)
        return f'resnet_model/{name}_{number}' if number else f'resnet_model/{name}'

    def conv(x, stride=(1, 1, 1)):
        return ops.conv(x, tensors[numbered('conv3d', convs) + '/kernel'], stride, False)

    def norm_relu(x):
        name = numbered('batch_normalization', norms)
        return ops.relu(ops.norm(x, *(tensors[f'{name}/{value}'] for value in NORM)))

    x = ops.pool(conv(x, (1, 2, 2)), (3, 3, 3), (2, 2, 2))
    for stage in range(4):
        stride = (2, 2, 2) if stage else (1, 1, 1)
        y = norm_relu(x)
        x = conv(y, stride)
        x = x + conv(norm_relu(conv(y, stride)))
        x = x + conv(norm_relu(conv(norm_relu(x))))
    return norm_relu(x)


def varint(value):
    low = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(byte | 128 for byte in low[:-1]), low[-1]])


def field(number, value):
    """Encode a field of a protocol buffer: an integer, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def after_bit(crc):
    return crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)


AFTER_BYTE = [functools.reduce(lambda crc, _: after_bit(crc), range(8), n) for n in range(256)]


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = AFTER_BYTE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def table_block(entries):
    """Encode a block of a LevelDB table; every 16th key is written in full."""
    body, restarts, last = b'', [], b''
    for index, (key, value) in enumerate(entries):
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(key, last))
        shared = len(list(same)) if index % 16 else 0
        if shared == 0:
            restarts.append(len(body))
        body += varint(shared) + varint(len(key) - shared) + varint(len(value))
        body += key[shared:] + value
        last = key
    body += struct.pack(f'<{len(restarts) + 1}I', *restarts, len(restarts)) + b'\0'
    return body + struct.pack('<I', masked_crc32c(body))


def write_bundle(prefix, tensors):
    """Write a TensorBundle with several blocks in its index."""
    data, entries = b'', [(b'', field(1, 1) + field(3, field(1, 1)))]
    for name, values in sorted(tensors.items()):
        dims = b''.join(field(2, field(1, size)) for size in values.shape)
        entry = field(1, {'f4': 1, 'i8': 9}[values.dtype.str[1:]]) + field(2, dims)
        checksum = struct.pack('<I', masked_crc32c(values.tobytes()))
        entry += field(4, len(data)) + field(5, values.nbytes) + varint(6 << 3 | 5) + checksum
        entries.append((name.encode(), entry))
        data += values.tobytes()
    write_index(prefix, entries)
    Path(f'{prefix}.data-00000-of-00001').write_bytes(data)


def write_index(prefix, entries, times=1):
    """Write the table of a bundle, with blocks of 100 entries, each listed `times` times."""
    table = b''

    def append(entries):
        nonlocal table
        block = table_block(entries)
        handle = varint(len(table)) + varint(len(block) - 5)
        table += block
        return handle

    parts = [entries[start : start + 100] for start in range(0, len(entries), 100)]
    handles = [(part[-1][0], append(part)) for part in parts]
    footer = append([]) + append(handles * times)
    table += footer.ljust(40, b'\0') + struct.pack('<Q', 0xDB4775248B80FB57)
    Path(f'{prefix}.index').write_bytes(table)


def write_by_tensorflow_1(tf, prefix, tensors):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        variables = [v1.get_variable(name, initializer=value) for name, value in tensors.items()]
        session.run(v1.global_variables_initializer())
        v1.train.Saver(variables).save(session, str(prefix), write_meta_graph=False)


def write_by_tensorflow_2(tf, prefix, tensors):
    root = tf.Module()
    for name, value in tensors.items():
        *path, last = name.split('/')
        node = root
        for part in path:
            if not hasattr(node, part):
                setattr(node, part, tf.Module())
            node = getattr(node, part)
        setattr(node, last, tf.Variable(value))
    tf.train.Checkpoint(backbone=root.backbone).write(str(prefix))


@pytest.fixture(scope='module')
def cvrl(tmp_path_factory):
    """A checkpoint with CVRL's names, as its path without ending, and its tensors."""
    tensors = cvrl_tensors()
    prefix = tmp_path_factory.mktemp('cvrl') / 'r3d_1x_k600_800ep_backbone-1'
    stored = {name + VALUE: value for name, value in tensors.items()}
    write_bundle(prefix, stored | {f'save_counter{VALUE}': np.array(1, 'i8')})
    return prefix, tensors


@pytest.fixture(scope='module')
def vie(tmp_path_factory):
    """The same for VIE."""
    tensors = vie_tensors()
    prefix = tmp_path_factory.mktemp('vie') / 'checkpoint-1450000'
    write_bundle(prefix, tensors)
    return prefix, tensors


@pytest.fixture
def tf():
    return pytest.importorskip('tensorflow', reason='TensorFlow is not installed')


CASES = {
    'cvrl-tf': (
        lambda: R3DResNet(50, base_channels=WIDTH, padding='same', norm_eval=False),
        forward_cvrl,
        (2, 6, 50, 44, 3),
    ),
    'vie-tf': (lambda: PreActResNet3d(base_channels=WIDTH), forward_vie, (2, 12, 42, 40, 3)),
}


def assert_same_features(source, checkpoint, tensors, ops, dtype, tolerance):
    build, forward, shape = CASES[source]
    clips = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    found = features(build(), checkpoint, torch.from_numpy(clips).double().permute(0, 4, 1, 2, 3))
    tensors = {name: value.astype(dtype) for name, value in tensors.items()}
    expected = torch.from_numpy(np.array(forward(ops, tensors, clips))).double()
    assert_close(found, expected.permute(0, 4, 1, 2, 3), tolerance)


@pytest.mark.parametrize('source', CASES)
def test_tensorflow_networks_give_the_features_of_their_weights(request, convert, source):
    prefix, tensors = request.getfixturevalue(source.removesuffix('-tf'))
    checkpoint = convert('import_weights', source, prefix)
    assert_same_features(source, checkpoint, tensors, NumpyOps(), 'f8', 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    'source, write, tensors',
    [
        ('cvrl-tf', write_by_tensorflow_2, cvrl_tensors()),
        ('vie-tf', write_by_tensorflow_1, vie_tensors()),
    ],
)
def test_tensorflow_itself_writes_and_computes_the_same(
    tf, convert, tmp_path, source, write, tensors
):
    write(tf, tmp_path / 'model-1', tensors)
    checkpoint = convert('import_weights', source, tmp_path / 'model-1')
    assert_same_features(source, checkpoint, tensors, TensorFlowOps(tf), 'f4', 1e-4)


def test_the_embedding_of_vie_is_imported_too(convert, vie):
    prefix, tensors = vie
    found = load_checkpoint(convert('import_weights', 'vie-tf', prefix))['state_dict']
    features = np.random.default_rng(1).standard_normal((5, 8 * WIDTH)).astype('f4')
    expected = features @ tensors['resnet_model/dense/kernel'] + tensors['resnet_model/dense/bias']
    embedded = F.linear(
        torch.from_numpy(features), found['neck.layers.0.weight'], found['neck.layers.0.bias']
    )
    torch.testing.assert_close(embedded, torch.from_numpy(expected))
    assert not any('bank' in name for name in found)


def test_a_bundle_lists_what_was_written(capsys, vie):
    prefix, tensors = vie
    bundle = TensorBundle(prefix)
    assert list(bundle.tensors) == sorted(tensors)
    for name, values in tensors.items():
        found = bundle.read(name)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)
    run('import_weights', 'vie-tf', f'{prefix}.index', '--list')
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f'{name} {list(tensors[name].shape)}' for name in sorted(tensors)]


def test_other_tensorflow_names_are_reported_in_a_table(tmp_path, cvrl):
    tensors = {name.replace('_expand_conv', 'conv3') + VALUE: v for name, v in cvrl[1].items()}
    write_bundle(tmp_path / 'renamed', tensors)
    with pytest.raises(CheckpointError) as error:
        run('import_weights', 'cvrl-tf', tmp_path / 'renamed', tmp_path / 'out.pth')
    table = str(error.value)
    assert 'missing        16  backbone/layer_with_weights-10/_expand_conv/kernel' in table
    assert 'unused         16  backbone/layer_with_weights-10/conv3/kernel' in table


def pack(archive, files):
    with tarfile.open(archive, 'w:gz') as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def bundle_files(prefix, folder):
    endings = ('.index', '.data-00000-of-00001')
    return {folder + prefix.name + end: Path(f'{prefix}{end}').read_bytes() for end in endings}


def test_an_archive_is_unpacked_only_while_it_is_read(convert, tmp_path, vie):
    prefix, tensors = vie
    archive = tmp_path / 'checkpoint-1450000.tar'
    pack(archive, bundle_files(prefix, 'vie/3dresnet_112/') | {'vie/checkpoint': b'text'})
    checkpoint = convert('import_weights', 'vie-tf', archive)
    assert_same_features('vie-tf', checkpoint, tensors, NumpyOps(), 'f8', 1e-5)
    with open_bundle(archive) as bundle:
        assert bundle.read('global_step') == 1_450_000
    assert not Path(bundle.prefix).parent.exists()


def test_an_archive_writes_nowhere_else(tmp_path, vie):
    prefix, tensors = vie
    archive = tmp_path / 'inner' / 'hostile.tar.gz'
    archive.parent.mkdir()
    pack(archive, bundle_files(prefix, f'{tmp_path}/absolute/') | {'../../climbed.data-0': b'x'})
    before = sorted(tmp_path.rglob('*'))
    with open_bundle(archive) as bundle:
        assert set(bundle.tensors) == set(tensors)
    assert sorted(tmp_path.rglob('*')) == before


@pytest.mark.parametrize('count', [0, 2])
def test_an_archive_of_none_or_several_checkpoints_is_refused(tmp_path, count):
    archive = tmp_path / 'checkpoints.tar'
    pack(archive, {f'{number}.index': b'' for number in range(count)} | {'readme': b''})
    message = f'holds {count} TensorFlow checkpoints, not one'
    with pytest.raises(CheckpointError, match=message), open_bundle(archive):
        pass


def test_damage_is_reported(tmp_path, vie):
    prefix = tmp_path / 'checkpoint-1450000'
    write_bundle(prefix, vie[1])
    index, data = Path(f'{prefix}.index'), Path(f'{prefix}.data-00000-of-00001')
    table = index.read_bytes()
    data.write_bytes(data.read_bytes()[:-8])
    with pytest.raises(CheckpointError, match=r'cut short: resnet_model/.* is incomplete'):
        run('import_weights', 'vie-tf', prefix, tmp_path / 'out.pth')
    data.unlink()
    with pytest.raises(CheckpointError, match=r'data-00000-of-00001 is missing'):
        run('import_weights', 'vie-tf', prefix, tmp_path / 'out.pth')
    index.write_bytes(table[:50] + bytes([table[50] ^ 1]) + table[51:])
    with pytest.raises(CheckpointError, match='does not match its checksum'):
        TensorBundle(prefix)
    index.write_bytes(table[:-1])
    with pytest.raises(CheckpointError, match='does not end as a table does'):
        TensorBundle(prefix)
    index.unlink()
    with pytest.raises(CheckpointError, match=r'no TensorFlow checkpoint at .*1450000'):
        TensorBundle(prefix)


def test_damaged_values_are_reported(tmp_path, vie):
    prefix = tmp_path / 'checkpoint-1450000'
    write_bundle(prefix, vie[1])
    data = Path(f'{prefix}.data-00000-of-00001')
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    with pytest.raises(CheckpointError, match='dense/kernel does not match its checksum'):
        run('import_weights', 'vie-tf', prefix, tmp_path / 'out.pth')


@pytest.mark.parametrize('length', [0, 1, 3, 4, 15, 16, 17, 4095, 4096, 4099])
def test_values_of_any_length_match_their_checksum(tmp_path, length):
    values = np.random.default_rng(length).integers(0, 2**62, length)
    write_bundle(tmp_path / 'bundle', {'values': values})
    np.testing.assert_array_equal(TensorBundle(tmp_path / 'bundle').read('values'), values)


HEADER = field(1, 1) + field(3, field(1, 1))
TWO_VALUES = field(1, 1) + field(2, field(2, field(1, 2))) + field(5, 8)


@pytest.mark.parametrize(
    'entries',
    [
        [(b'', b''), (b'x', field(1, b'f4'))],
        [(b'', HEADER), (b'x', field(2, 7))],
        [(b'', HEADER), (b'x', field(2, field(2, 7)))],
        [(b'', HEADER), (b'x', field(2, field(2, field(1, b'2'))))],
        [(b'', HEADER), (b'x', TWO_VALUES + field(4, b'0'))],
        [(b'', field(1, b'1')), (b'x', TWO_VALUES)],
        [(b'', HEADER), (b'x', b'\x08' + b'\xff' * 12 + b'\1')],
        [(b'', HEADER), (b'x' * 5000, TWO_VALUES)],
        [(b'x', TWO_VALUES)],
    ],
)
def test_a_meaningless_index_is_reported(tmp_path, entries):
    write_index(tmp_path / 'bundle', entries)
    with pytest.raises(CheckpointError, match=r'bundle\.index is damaged or not a checkpoint'):
        TensorBundle(tmp_path / 'bundle')


def test_an_index_that_repeats_itself_is_refused(tmp_path):
    write_index(tmp_path / 'bundle', [(b'', HEADER), (b'x', TWO_VALUES)], times=2)
    with pytest.raises(CheckpointError, match='its blocks overlap'):
        TensorBundle(tmp_path / 'bundle')
