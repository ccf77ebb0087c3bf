"""The features on which VDIM is evaluated are those of its pretraining."""

import pytest
import torch

from vsslbox.checkpoints import CheckpointError
from vsslbox.checkpoints.loading import load_weights
from vsslbox.registry import MODELS

ENCODER = dict(type='VDIMEncoder', base_channels=2, extra_blocks=0)
NECK = dict(type='ResidualMLPNeck', in_channels=16, out_channels=8)


@pytest.fixture(scope='module')
def vdim():
    """A VDIM in which all weights differ."""
    torch.manual_seed(1)
    model = MODELS.build(
        dict(type='VDIM', backbone=ENCODER, neck=NECK, loss=dict(type='MultiScaleInfoNCELoss'))
    )
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 0.5)
    return model.eval()


@pytest.fixture
def checkpoint(vdim, tmp_path):
    path = tmp_path / 'vdim.pth'
    torch.save(dict(state_dict=vdim.state_dict()), path)
    return path


def projected(checkpoint=None, **neck):
    init_cfg = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(checkpoint))
    return dict(
        type='vsslbox.ProjectedBackbone',
        backbone=ENCODER,
        neck={**NECK, **neck},
        init_cfg=init_cfg if checkpoint else None,
    )


def started(cfg):
    model = MODELS.build(cfg)
    model.init_weights()
    return model.eval()


def features_of(vdim, clips):
    return vdim.necks['8'](vdim.backbone(clips))


def recognizer(checkpoint):
    return dict(
        type='mmaction.Recognizer3D',
        data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        backbone=projected(checkpoint),
    )


@pytest.mark.parametrize('part', ['alone', 'in a recognizer'])
def test_start_weights_are_the_checkpoints(part, checkpoint, vdim):
    if part == 'alone':
        model = started(projected(checkpoint))
    else:
        model = started(recognizer(checkpoint)).backbone
    expected = {
        name: value
        for name, value in vdim.state_dict().items()
        if name.startswith(('backbone.', 'necks.8.'))
    }
    found = model.state_dict()
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert torch.equal(value, expected[name]) or name.endswith('num_batches_tracked'), name


def test_features_are_those_of_the_pretraining(checkpoint, vdim):
    clips = torch.randn(2, 3, 32, 128, 128)
    with torch.no_grad():
        found, expected = started(projected(checkpoint))(clips), features_of(vdim, clips)
    assert found.shape == (2, 8, 1, 1, 1)
    assert expected[0].sub(expected[1]).abs().max() > 1e-3
    assert torch.equal(found, expected)


def test_checkpoint_of_a_pretraining_fills_a_feature_extractor(checkpoint, vdim):
    """Loaded as ``tools/test.py`` does for retrieval and nearest neighbours."""
    extractor = started(dict(type='FeatureExtractor', backbone=projected()))
    report = load_weights(extractor, checkpoint)
    assert {name.split('.')[1] for name in report.unused} == {'5', '6'}
    clips = [torch.randn(2, 3, 32, 128, 128) for _ in range(2)]
    with torch.no_grad():
        expected = sum(features_of(vdim, view).flatten(1) for view in clips) / 2
        assert torch.allclose(extractor(clips), expected, atol=1e-6)


def test_checkpoint_without_the_projection_is_refused(vdim, tmp_path):
    path = tmp_path / 'others.pth'
    state = {k: v for k, v in vdim.state_dict().items() if not k.startswith('necks.8')}
    torch.save(dict(state_dict=state), path)
    with pytest.raises(CheckpointError, match=r'others\.pth[\s\S]*missing .* necks\.8\.hidden'):
        started(projected(path))


def test_projection_of_another_width_is_refused(checkpoint):
    with pytest.raises(CheckpointError, match=r'vdim\.pth[\s\S]*wrong shape .* necks\.8\.'):
        started(projected(checkpoint, out_channels=12))
