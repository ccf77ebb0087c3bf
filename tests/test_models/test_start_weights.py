"""VCLR starts from a checkpoint of MoCo: the trunk, and one projection for all."""

import re

import pytest
import torch

from tests.tiny import tiny_vclr
from vsslbox.registry import MODELS
from vsslbox.utils import CheckpointError

BATCH_NORM = dict(type='BN', requires_grad=True)
BACKBONE = dict(type='NarrowResNet', depth=18, base_channels=4)
NECK = dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8)


def torchvision_name(name):
    """The name of a tensor of mmaction2's ResNet in torchvision's."""
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
    with pytest.raises(CheckpointError, match=r'moco.pth.tar: its weights .* do not fill'):
        vclr(str(moco[0]), num_layers=3)


def test_absent_checkpoint_is_named():
    with pytest.raises(CheckpointError, match=r'no checkpoint at absent.pth'):
        vclr('absent.pth')
