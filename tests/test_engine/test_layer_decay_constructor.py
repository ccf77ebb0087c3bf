"""Learning rates and weight decay by layer, as the authors of VideoMAE assign them."""

import pytest
from mmengine.optim import build_optim_wrapper
from torch import nn

from tests.tiny_masked import VIT, tiny_video_mae_cfg
from vsslbox.errors import InputError
from vsslbox.registry import MODELS

RATE, DECAY = 0.5, 0.05


def groups_of(model, **paramwise_cfg):
    """Return the learning rate and weight decay of each parameter by name."""
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            constructor='vsslbox.LayerDecayConstructor',
            paramwise_cfg=paramwise_cfg,
            optimizer=dict(type='AdamW', lr=RATE, weight_decay=DECAY),
        ),
    )
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = wrapper.optimizer.param_groups
    return {
        names[id(parameter)]: (group['lr'], group['weight_decay'])
        for group in groups
        for parameter in group['params']
    }, len(groups)


@pytest.fixture
def classifier():
    head = dict(
        type='vsslbox.LayerNormI3DHead',
        num_classes=3,
        in_channels=16,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
    )
    backbone = dict(VIT, type='vsslbox.VideoViT', depth=3, final_norm=False)
    preprocessor = dict(type='mmaction.ActionDataPreprocessor')
    return MODELS.build(
        dict(
            type='mmaction.Recognizer3D',
            backbone=backbone,
            cls_head=head,
            data_preprocessor=preprocessor,
        )
    )


def test_the_rate_falls_towards_the_input(classifier):
    found, num_groups = groups_of(classifier, layer_decay=0.75)
    for name, (rate, decay) in found.items():
        layer = 4
        if 'patch_embed' in name:
            layer = 0
        elif 'blocks' in name:
            layer = int(name.split('.')[2]) + 1
        assert rate == pytest.approx(RATE * 0.75 ** (4 - layer)), name
        is_vector = name.endswith('bias') or 'norm' in name  # q_bias and v_bias too
        assert decay == (0 if is_vector else DECAY), name
    assert len(found) == len(list(classifier.parameters()))
    assert num_groups == 10  # five layers, with and without decay
    assert found['cls_head.fc_cls.weight'] == (RATE, DECAY)
    assert found['backbone.patch_embed.proj.weight'][0] == pytest.approx(RATE * 0.75**4)


def test_learnt_positions_and_tokens_belong_to_the_input(classifier):
    options = dict(depth=3, position='learnt_separable', class_token=True)
    classifier.backbone = MODELS.build(dict(VIT, type='vsslbox.VideoViT', **options))
    found, _ = groups_of(classifier, layer_decay=0.75)
    names = ['cls_token', 'pos_embed_class', 'pos_embed_spatial', 'pos_embed_temporal']
    for name in names:
        assert found[f'backbone.{name}'] == (pytest.approx(RATE * 0.75**4), 0)
    assert found['backbone.blocks.0.attn.qkv.weight'] == (pytest.approx(RATE * 0.75**3), DECAY)


def test_pretraining_has_two_groups():
    model = MODELS.build(tiny_video_mae_cfg())
    found, num_groups = groups_of(model, no_decay=['mask_token'])
    assert num_groups == 2
    assert found['mask_token'] == (RATE, 0)
    assert found['encoder_to_decoder.weight'] == found['decoder.head.weight'] == (RATE, DECAY)
    assert groups_of(model)[0]['mask_token'] == (RATE, DECAY)


def test_frozen_parameters_are_left_out(classifier):
    classifier.backbone.patch_embed.requires_grad_(False)
    assert not any('patch_embed' in name for name in groups_of(classifier)[0])


def test_wrong_settings(classifier):
    with pytest.raises(InputError, match="takes layer_decay and no_decay, got 'decay_rate'"):
        groups_of(classifier, decay_rate=0.75)
    with pytest.raises(InputError, match='such as VideoViT; got NoneType'):
        groups_of(nn.Sequential(nn.Linear(2, 2)))
