"""VIE-TRN starts from VIE-Single, with small variants of the recipes."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.checkpoints import CheckpointError
from vsslbox.registry import MODELS

RECIPES = Path(__file__).resolve().parents[2] / 'configs/vie'
SINGLE = 'vie-single_r18_1xb128-1-734e_kinetics400.py'
TRN = 'vie-trn_r18_1xb64-4bins-70e_kinetics400.py'


def small_model(recipe, frame_net, num_frames, num_videos=24):
    """Build and initialize the model of a recipe with a width of 4."""
    config = Config.fromfile(RECIPES / recipe)
    config.merge_from_dict(
        {
            f'model.{frame_net}.base_channels': 4,
            'model.neck.in_channels': num_frames * 32,
            'model.neck.out_channels': 8,
            'model.bank.channels': 8,
            'model.bank.num_videos': num_videos,
        }
    )
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
        model.init_weights()
    return model


@pytest.fixture
def single(tmp_path, monkeypatch):
    """A VIE-Single with all tensors changed, whose checkpoint is where TRN looks for it."""
    model = small_model(SINGLE, 'backbone', num_frames=1)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.add_(0.1 * torch.rand_like(value))
        elif name.startswith('bank.'):
            value.random_(0, 100)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'single.pth')
    monkeypatch.setenv('VSSLBOX_VIE_SINGLE', str(tmp_path / 'single.pth'))
    return model


def test_network_of_the_frames_and_bank_are_those_of_single(single):
    trn = small_model(TRN, 'backbone.backbone', num_frames=4)
    for ours, other in ((trn.backbone.frame_net, single.backbone), (trn.bank, single.bank)):
        assert ours.state_dict().keys() == other.state_dict().keys()
        for name, value in other.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value), name
    assert not trn.warming_up
    assert len({*trn.backbone.parameters()}) == len({*single.backbone.parameters()})


def test_embedding_has_weights_for_every_frame(single):
    trn = small_model(TRN, 'backbone.backbone', num_frames=4).eval()
    clips = torch.randn(2, 3, 4, 32, 32)
    with torch.no_grad():
        embedding, turned = trn.embed(clips), trn.embed(clips.flip(2))
        frames = [single.eval().backbone(clip[:, :, None]) for clip in clips.unbind(dim=2)]
    assert torch.allclose(embedding.norm(dim=1), torch.ones(2))
    assert not torch.allclose(embedding, turned)
    features = torch.cat([maps.flatten(2).mean(dim=2) for maps in frames], dim=1)
    expected = torch.nn.functional.normalize(trn.neck(features))
    assert torch.allclose(embedding, expected, atol=1e-5)


def test_a_bank_of_another_list_is_refused(single):
    with pytest.raises(CheckpointError, match='FeatureBank is not filled'):
        small_model(TRN, 'backbone.backbone', num_frames=4, num_videos=25)
