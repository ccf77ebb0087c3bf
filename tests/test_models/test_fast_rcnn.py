"""Detection: pooling, loss and labels by mmaction2's rules, and names of the parameters."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.structures import InstanceData

from vsslbox.checkpoints.loading import CheckpointError, load_weights
from vsslbox.models.utils import torch_roi_align
from vsslbox.registry import MODELS

BACKBONE = dict(
    type='R3DResNet',
    depth=18,
    base_channels=4,
    spatial_strides=(1, 2, 2, 1),
    dilations=(1, 1, 1, 2),
)
SLOW_ONLY = dict(
    type='mmaction.ResNet3dSlowOnly',
    depth=50,
    pretrained=None,
    base_channels=4,
    spatial_strides=(1, 2, 2, 1),
)
HEAD = dict(
    type='AVARoIHead',
    roi_size=3,
    bbox_head=dict(type='BBoxHeadAVA', in_channels=32, num_classes=7, topk=(3,)),
)
GT = torch.tensor([[4.0, 4.0, 60.0, 50.0], [20.0, 8.0, 40.0, 60.0]])
LABELS = torch.tensor([[0, 1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0.0]])
# The first annotated box moved a little, the second one too far, and a box of no one.
PROPOSALS = torch.tensor([[4.5, 4, 60, 50], [26.0, 8, 46, 60], [0, 0, 10, 10]])


def sample(gt=GT, labels=LABELS, proposals=PROPOSALS):
    data_sample = ActionDataSample()
    data_sample.gt_instances = InstanceData(bboxes=gt, labels=labels)
    data_sample.proposals = InstanceData(bboxes=proposals, video_bboxes=proposals / 64)
    return data_sample


@pytest.fixture
def model():
    detector = MODELS.build(dict(type='FastRCNN', backbone=BACKBONE, roi_head=HEAD))
    detector.init_weights()
    return detector.eval()


@pytest.fixture
def clips():
    return torch.randn(2, 3, 4, 64, 64)


def test_the_last_stage_computes_more_positions_of_the_same_function():
    """Stride 1 and dilation 2 also compute the positions that stride 2 skips."""
    plain = MODELS.build(dict(type='R3DResNet', depth=50, base_channels=4))
    dense = MODELS.build(dict(BACKBONE, depth=50))
    for backbone in (plain, dense):
        backbone.eval()
    dense.load_state_dict(plain.state_dict())
    maps = torch.randn(1, 128, 2, 16, 16)
    with torch.no_grad():
        every, second = dense.layer4[1](maps), plain.layer4[1](maps[..., ::2, ::2])
        assert torch.allclose(every[..., ::2, ::2], second, atol=1e-5)
        assert dense(torch.randn(1, 3, 4, 64, 64)).shape == (1, 128, 2, 4, 4)


def test_logits_by_the_definition(model, clips):
    """RoIAlign in each frame, mean over time, maximum over space, a linear map."""
    boxes = [GT, PROPOSALS[:1]]
    features = model.backbone(clips)
    frames = [torch_roi_align(features[:, :, t], boxes, 3, 1 / 16) for t in range(2)]
    pooled = torch.stack(frames).mean(0).amax((2, 3))
    linear = model.roi_head.bbox_head.fc_cls
    expected = pooled @ linear.weight.T + linear.bias
    samples = [sample(proposals=b) for b in boxes]
    assert torch.allclose(model(clips, samples), expected, atol=1e-5)


def test_loss_is_mmaction2s(model, clips):
    """The mean over all classes except 0, over annotated boxes and proposals close to them."""
    other = sample(GT[:1], LABELS[:1], PROPOSALS[:0])
    losses = model(clips, [sample(), other], mode='loss')
    boxes = [torch.cat([GT, PROPOSALS[:1]]), GT[:1]]
    labels = torch.cat([LABELS, LABELS[:1], LABELS[:1]])
    logits = model.roi_head(model.backbone(clips), boxes)
    expected = F.binary_cross_entropy_with_logits(logits[:, 1:], labels[:, 1:])
    assert torch.allclose(losses['loss_action_cls'], expected)
    assert {'recall@top3', 'prec@thr=0.5'} <= set(losses)
    assert [name for name in losses if 'loss' in name] == ['loss_action_cls']


def test_clips_without_a_person_train_nothing(model, clips):
    empty = sample(GT[:0], LABELS[:0])
    losses = model(clips, [empty, empty], mode='loss')
    assert losses['loss_action_cls'].item() == 0
    losses['loss_action_cls'].backward()
    assert all(not p.grad.any() for p in model.parameters())


def test_prediction(model, clips):
    samples = [sample(), sample(proposals=PROPOSALS[:0])]
    logits = model(clips, samples)
    first, second = model(clips, samples, mode='predict')
    assert torch.equal(first.pred_instances.scores, logits.sigmoid())
    assert torch.equal(first.pred_instances.bboxes, PROPOSALS / 64)
    assert second.pred_instances.scores.shape == (0, 7)


def test_feature_maps_of_several_lengths_are_concatenated():
    head = MODELS.build(HEAD).eval()
    slow, fast = torch.randn(1, 24, 2, 4, 4), torch.randn(1, 8, 8, 4, 4)
    repeated = torch.cat([slow.repeat_interleave(4, dim=2), fast], dim=1)
    assert torch.allclose(head((slow, fast), [GT]), head(repeated, [GT]), atol=1e-5)


def test_checkpoints_of_mmaction2_fit(tmp_path):
    """Its detectors have a backbone and `roi_head.bbox_head.fc_cls`, and nothing else."""
    head = dict(HEAD, bbox_head=dict(HEAD['bbox_head'], in_channels=128))
    detector = MODELS.build(dict(type='FastRCNN', backbone=SLOW_ONLY, roi_head=head))
    reference = MODELS.build(SLOW_ONLY)
    weights = {f'backbone.{name}': torch.rand_like(v) for name, v in reference.named_parameters()}
    weights.update({f'backbone.{name}': v for name, v in reference.named_buffers()})
    weights['roi_head.bbox_head.fc_cls.weight'] = torch.randn(7, 128)
    weights['roi_head.bbox_head.fc_cls.bias'] = torch.randn(7)
    torch.save(dict(state_dict=weights), tmp_path / 'ava.pth')
    load_weights(detector, str(tmp_path / 'ava.pth'))
    for name, value in detector.state_dict().items():
        assert torch.equal(value, weights[name]), name

    del weights['roi_head.bbox_head.fc_cls.bias']
    torch.save(dict(state_dict=weights), tmp_path / 'ava.pth')
    with pytest.raises(CheckpointError, match='fc_cls'):
        load_weights(detector, str(tmp_path / 'ava.pth'))


def test_start_weights_of_a_pretraining(tmp_path):
    pretrained = MODELS.build(dict(type='R3DResNet', depth=18, base_channels=4))
    pretrained.init_weights()
    weights = {f'backbone.{name}': v for name, v in pretrained.state_dict().items()}
    torch.save(dict(state_dict=weights), tmp_path / 'cvrl.pth')
    init_cfg = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'cvrl.pth'))
    backbone = dict(BACKBONE, init_cfg=init_cfg)
    detector = MODELS.build(dict(type='FastRCNN', backbone=backbone, roi_head=HEAD))
    detector.init_weights()
    for name, value in detector.backbone.state_dict().items():
        assert torch.equal(value, pretrained.state_dict()[name]), name
