"""Initial weights: of VCLR from a checkpoint of MoCo, of mmaction2's models from one of VCLR."""

import re
from pathlib import Path

import mmaction
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from tests.tiny import tiny_vclr
from vsslbox.checkpoints import CheckpointError, PretrainedBackbone, PretrainedProjection
from vsslbox.registry import MODELS

BATCH_NORM = dict(type='BN', requires_grad=True)
BACKBONE = dict(type='NarrowResNet', depth=18, base_channels=4)
NECK = dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8)


def torchvision_name(name):
    """Return torchvision's name of a tensor of mmaction2's ResNet."""
    name = re.sub(r'conv(\d)\.conv\.', r'conv\1.', name)
    name = re.sub(r'conv(\d)\.bn\.', r'bn\1.', name)
    return name.replace('downsample.conv.', 'downsample.0.').replace(
        'downsample.bn.', 'downsample.1.'
    )


@pytest.fixture
def moco(tmp_path):
    """A checkpoint with MoCo's names: query and key encoder, and the queue."""
    backbone, neck = MODELS.build(BACKBONE), MODELS.build(NECK)
    weights = {'module.queue': torch.randn(8, 16), 'module.queue_ptr': torch.zeros(1)}
    for encoder in ('encoder_q', 'encoder_k'):
        for name, value in backbone.state_dict().items():
            weights[f'module.{encoder}.{torchvision_name(name)}'] = torch.randn(value.shape)
        for name, value in neck.state_dict().items():
            new_name = name.replace('layers.', 'fc.')
            weights[f'module.{encoder}.{new_name}'] = torch.randn(value.shape)
    path = tmp_path / 'moco.pth.tar'
    torch.save(dict(epoch=200, arch='resnet', state_dict=weights), path)
    return path, weights


def vclr(checkpoint, **neck):
    return tiny_vclr(
        backbone=dict(
            BACKBONE,
            init_cfg=dict(
                type='vsslbox.PretrainedBackbone',
                checkpoint=checkpoint,
                prefix='module.encoder_q.',
            ),
        ),
        neck=dict(
            NECK, **neck, init_cfg=dict(type='vsslbox.PretrainedProjection', checkpoint=checkpoint)
        ),
    )


def test_trunk_projections_and_moving_average(moco):
    path, weights = moco
    model = vclr(str(path))
    for trunk in (model.backbone, model.momentum_backbone):
        for name, value in trunk.state_dict().items():
            if not name.endswith('num_batches_tracked'):
                expected = weights[f'module.encoder_q.{torchvision_name(name)}']
                assert torch.equal(value, expected), name
    for necks in (model.necks, model.momentum_necks):
        assert set(necks) == {'inter', 'intra', 'video', 'order'}
        for neck in necks.values():
            for layer in ('0', '2'):
                for part in ('weight', 'bias'):
                    expected = weights[f'module.encoder_q.fc.{layer}.{part}']
                    assert torch.equal(neck.state_dict()[f'layers.{layer}.{part}'], expected)


def test_projection_of_another_shape_is_refused(moco):
    with pytest.raises(CheckpointError, match=r'not filled by .*moco.pth.tar'):
        vclr(str(moco[0]), num_layers=3)


def test_a_checkpoint_without_a_projection_is_refused(tmp_path):
    torch.save(dict(model={'module.fc_inter.0.weight': torch.ones(1)}), tmp_path / 'vclr.pth')
    neck = MODELS.build(NECK)
    with pytest.raises(CheckpointError, match=r"vclr.pth has no weights that begin with 'module"):
        PretrainedProjection(str(tmp_path / 'vclr.pth'))(neck)


def test_absent_checkpoint_is_named():
    with pytest.raises(CheckpointError, match=r'no checkpoint at absent.pth'):
        vclr('absent.pth')


STOCK_CONFIGS = Path(mmaction.__file__).parent / '.mim' / 'configs' / '_base_' / 'models'
RESNET18 = dict(type='mmaction.ResNet', depth=18, norm_eval=False)


@pytest.fixture(scope='module')
def vclr_checkpoint(tmp_path_factory):
    """A checkpoint of VCLR with a ResNet-18 whose norms have statistics of their own."""
    neck = dict(type='MLPNeck', in_channels=512, hidden_channels=8, out_channels=8)
    model = tiny_vclr(backbone=RESNET18, neck=neck)
    for name, tensor in model.state_dict().items():
        if '.bn.' in name and tensor.is_floating_point():
            tensor.add_(0.1 * torch.rand_like(tensor))
    path = tmp_path_factory.mktemp('vclr') / 'epoch_400.pth'
    torch.save(dict(meta=dict(epoch=400), state_dict=model.state_dict()), path)
    return path


def stock_model(name, **backbone):
    """Build a recognizer from mmaction2's own config, but with a ResNet-18."""
    config = Config.fromfile(STOCK_CONFIGS / f'{name}.py').model
    config.backbone.update(depth=18, pretrained=None, **backbone)
    config.cls_head.update(in_channels=512)
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(config)
        model.init_weights()
    return model.eval()


def convolutions(backbone):
    """Return the kernels by their names in a 2D ResNet."""
    state = backbone.state_dict()
    return {name.replace('.net.', '.'): w for name, w in state.items() if '.bn.' not in name}


def extractor(path):
    model = MODELS.build(dict(type='FeatureExtractor', backbone=RESNET18)).eval()
    PretrainedBackbone(str(path))(model)
    return model


@pytest.mark.slow
@torch.no_grad()
def test_stock_tsn_gives_the_same_features(vclr_checkpoint):
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(vclr_checkpoint))
    tsn = stock_model('tsn_r50', init_cfg=start)
    ours = extractor(vclr_checkpoint)
    clip = torch.randint(256, (3, 4, 64, 64), dtype=torch.uint8)
    frames = tsn.data_preprocessor(dict(inputs=[clip.transpose(0, 1)], data_samples=[]))
    maps, _ = tsn.extract_feat(frames['inputs'])
    found = maps.mean(dim=(0, 2, 3))
    views = ours.data_preprocessor(dict(inputs=[clip[None]], data_samples=[]))
    (expected,) = ours(views['inputs'])
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_stock_tsm_gets_every_convolution(vclr_checkpoint):
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(vclr_checkpoint))
    tsm = stock_model('tsm_r50', init_cfg=start, pretrained2d=False)
    assert sum('.net.' in name for name in tsm.backbone.state_dict()) == 8
    found, expected = convolutions(tsm.backbone), convolutions(extractor(vclr_checkpoint).backbone)
    assert found.keys() == expected.keys()
    assert all(torch.equal(kernel, expected[name]) for name, kernel in found.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'changes'), [('slowonly_r50', {}), ('i3d_r50', dict(inflate=(1, 1, 0, 1)))]
)
def test_stock_3d_models_get_every_convolution_inflated(name, changes, vclr_checkpoint):
    """mmaction2's ResNet3d reads no `init_cfg`, and its recognizers take none."""
    model = stock_model(name, **changes)
    PretrainedBackbone(str(vclr_checkpoint), inflate=True)(model)
    expected = convolutions(extractor(vclr_checkpoint).backbone)
    found = convolutions(model.backbone)
    assert found.keys() == expected.keys()
    for key, kernel in found.items():
        for step in kernel.unbind(dim=2):
            torch.testing.assert_close(step * kernel.shape[2], expected[key], msg=key)
