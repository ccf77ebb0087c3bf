"""A small variant of every registered component: forward, gradients, saving.

A new component needs only a line here; a component without a line fails.
"""

import io

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.structures import InstanceData

from tests.tiny import tiny_vclr_cfg, views_and_samples
from tests.tiny_masked import DECODER, VIT, masked_samples, tiny_video_mae_cfg
from tests.tiny_vie import RECOGNITION, clips_and_samples, tiny_vie_cfg
from vsslbox.models.selfsup import BaseSelfSupervisor
from vsslbox.registry import MODELS

NARROW = dict(type='NarrowResNet', depth=18, base_channels=4)
R3D = dict(type='R3DResNet', depth=18, base_channels=4)
PREACT = dict(type='PreActResNet3d', base_channels=4)
FRAMEWISE = dict(
    PREACT, conv1_kernel_t=1, pool1_t=(1, 1), kernels_t=[(1, 1)] * 4, strides_t=[1] * 4
)
VDIM_ENCODER = dict(type='VDIMEncoder', base_channels=2, extra_blocks=1)
VDIM = dict(
    backbone=VDIM_ENCODER,
    neck=dict(type='ResidualMLPNeck', in_channels=16, out_channels=8),
    loss=dict(type='MultiScaleInfoNCELoss'),
)
PREACT_SLOWFAST = dict(type='PreActSlowFast', base_channels=4, fast_channels=2)
QUEUE = dict(type='FeatureQueue', size=32, channels=8)
CONTRAST = dict(type='QueueContrastHead', queue=QUEUE, loss=dict(type='InfoNCELoss'))
FRAME_PARTS = dict(
    backbone=NARROW,
    neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
)
DPC_BACKBONE = dict(type='ResNet2d3d', base_channels=4)
PREDICTION = dict(type='DensePredictionHead', channels=16, num_predicted=2)
PREDICTOR = dict(in_channels=16, embed_dims=12, depth=1, num_heads=2)
CLIP_PARTS = dict(
    backbone=R3D,
    neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
)
BANK = dict(type='FeatureBank', num_videos=12, channels=8)


def unit(*shape):
    return torch.nn.functional.normalize(torch.randn(*shape), dim=-1)


def bank_inputs():
    bank = MODELS.build(BANK)
    bank.labels.fill_(0)
    return dict(embedding=unit(4, 8), indices=torch.arange(4), bank=bank)


def local_and_global():
    return {5: torch.randn(3, 8, 1, 2, 2), 8: torch.randn(3, 8, 1, 1, 1)}


def detection_inputs():
    sample = ActionDataSample()
    boxes = torch.tensor([[4.0, 4.0, 28.0, 20.0]])
    sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.eye(7)[3:4])
    sample.proposals = InstanceData(bboxes=boxes + 1)
    return dict(inputs=torch.randn(1, 3, 4, 32, 32), data_samples=[sample], mode='loss')


def vie_inputs():
    clips, samples = clips_and_samples(torch.Generator().manual_seed(0), [3, 1])
    return dict(inputs=clips, data_samples=samples, mode='loss')


def readout_inputs():
    samples = [ActionDataSample().set_gt_labels(label) for label in (1, 4)]
    return dict(inputs=[torch.randn(2, 3, 4, 32, 32)], data_samples=samples, mode='loss')


def vclr_inputs():
    views, samples = views_and_samples(torch.Generator().manual_seed(0), 2)
    return dict(inputs=views, data_samples=samples, mode='loss')


def pretext_inputs():
    samples = [ActionDataSample() for _ in range(2)]
    for label, sample in enumerate(samples):
        sample.set_field(torch.tensor(label), 'pretext_label')
    views = [torch.randn(2, 3, 4, 32, 32) for _ in range(3)]
    return dict(inputs=views, data_samples=samples, mode='loss')


def seco_inputs():
    samples = [ActionDataSample() for _ in range(2)]
    for half, sample in enumerate(samples):
        sample.set_field(torch.tensor(half), 'query_half')
    views = [torch.randn(2, 3, 1, 32, 32) for _ in range(4)]
    return dict(inputs=views, data_samples=samples, mode='loss')


def vclr_with_dpc_inputs():
    views, samples = views_and_samples(torch.Generator().manual_seed(0), 2, size=32)
    return dict(inputs=[torch.randn(2, 3, 8, 32, 32), *views], data_samples=samples, mode='loss')


def masked_inputs():
    inputs, samples = masked_samples(torch.Generator().manual_seed(0), 2)
    return dict(inputs=inputs, data_samples=samples, mode='loss')


def three_clips():
    views = [torch.randn(2, 3, 4, 32, 32) for _ in range(3)]
    return dict(inputs=views, data_samples=[], mode='loss')


def bmn_inputs():
    sample = ActionDataSample()
    sample.gt_instances = InstanceData(gt_bbox=torch.tensor([[0.1, 0.6]]))
    return dict(inputs=[torch.randn(5, 10)], data_samples=[sample], mode='loss')


ROI_HEAD = dict(
    type='AVARoIHead', bbox_head=dict(type='BBoxHeadAVA', in_channels=32, num_classes=7)
)

# name -> (config, keyword arguments of forward)
COMPONENTS = {
    'AVARoIHead': (
        ROI_HEAD,
        lambda: dict(
            features=torch.randn(1, 32, 2, 4, 4), boxes=[torch.tensor([[4.0, 4.0, 40.0, 50.0]])]
        ),
    ),
    'AttentivePooler': (
        dict(in_channels=8, depth=2, num_heads=2),
        lambda: dict(tokens=torch.randn(2, 3, 8)),
    ),
    'AttentiveProbeHead': (
        dict(in_channels=8, num_classes=3, depth=1, num_heads=2),
        lambda: dict(tokens=torch.randn(2, 3, 8)),
    ),
    'AttentiveReadout': (
        dict(
            backbone=FRAMEWISE,
            in_channels=32,
            num_classes=5,
            settings=[dict(lr=1e-3, weight_decay=0.1)],
            depth=2,
            num_heads=4,
        ),
        readout_inputs,
    ),
    'BMN': (
        dict(
            temporal_dim=10,
            boundary_ratio=0.5,
            num_samples=4,
            num_samples_per_bin=3,
            feat_dim=5,
            soft_nms_alpha=0.4,
            soft_nms_low_threshold=0.5,
            soft_nms_high_threshold=0.9,
            post_process_top_k=100,
            hidden_dim_1d=8,
            hidden_dim_2d=4,
            hidden_dim_3d=4,
        ),
        bmn_inputs,
    ),
    'BlockMask': (
        dict(num_blocks=2, scale=0.3),
        lambda: dict(num_samples=2, grid=(2, 4, 4), generator=torch.Generator().manual_seed(0)),
    ),
    'BYOL': (
        dict(
            predictor=dict(type='MLPNeck', in_channels=8, hidden_channels=16, out_channels=8),
            loss=dict(type='CosineRegressionLoss'),
            **CLIP_PARTS,
        ),
        three_clips,
    ),
    'C3DTrunk': (dict(), lambda: dict(x=torch.randn(1, 3, 8, 16, 16))),
    'CVRL': (
        dict(
            backbone=R3D,
            neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
            loss=dict(type='NTXentLoss'),
        ),
        lambda: dict(
            inputs=[torch.randn(2, 3, 4, 32, 32) for _ in range(2)], data_samples=[], mode='loss'
        ),
    ),
    'CaffeNet': (dict(fc_channels=4), lambda: dict(x=torch.randn(2, 3, 224, 224))),
    'ConvGRU': (dict(in_channels=4), lambda: dict(maps=torch.randn(2, 3, 4, 2, 2))),
    'CosineRegressionLoss': (
        dict(),
        lambda: dict(prediction=torch.randn(4, 8), targets=torch.randn(2, 4, 8)),
    ),
    'CosineMomentum': (dict(), lambda: dict(progress=0.5)),
    'DPC': (
        dict(backbone=DPC_BACKBONE, prediction=PREDICTION, num_blocks=4),
        lambda: dict(inputs=[torch.randn(2, 3, 8, 32, 32)], data_samples=[], mode='loss'),
    ),
    'DensePredictionHead': (
        dict(channels=4, num_predicted=2),
        lambda: dict(maps=torch.randn(2, 4, 4, 2, 2)),
    ),
    'FastRCNN': (dict(backbone=R3D, roi_head=ROI_HEAD), detection_inputs),
    'FeatureBank': (BANK, None),
    'FeatureExtractor': (
        dict(backbone=NARROW),
        lambda: dict(inputs=[torch.randn(2, 3, 4, 32, 32)]),
    ),
    'FeaturePredictionLoss': (
        dict(),
        lambda: dict(predicted=torch.randn(2, 3, 8), features=torch.randn(2, 3, 8)),
    ),
    'FeatureQueue': (QUEUE, None),
    'FrameConcat': (dict(backbone=FRAMEWISE), lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'FrameDifferences': (dict(backbone=R3D), lambda: dict(x=torch.randn(2, 3, 5, 32, 32))),
    'ImageViT': (
        dict(embed_dims=16, depth=2, num_heads=2, img_size=32, patch_size=8, num_registers=2),
        lambda: dict(x=torch.randn(2, 3, 32, 48)),
    ),
    'InfoNCELoss': (
        dict(),
        lambda: dict(query=unit(4, 8), positive=unit(4, 8), negatives=unit(9, 8)),
    ),
    'InstanceRecognitionLoss': (dict(num_noise=6), bank_inputs),
    'IntraVideoLoss': (
        dict(),
        lambda: dict(query=unit(4, 8), positive=unit(4, 8), others=unit(4, 2, 8)),
    ),
    'LayerNormI3DHead': (
        dict(num_classes=3, in_channels=8, loss_cls=dict(type='mmaction.CrossEntropyLoss')),
        lambda: dict(x=torch.randn(4, 8, 2, 3, 3)),
    ),
    'LayerReadout': (
        dict(backbone=PREACT, in_features=dict(conv3=128, conv5=32), num_classes=5),
        readout_inputs,
    ),
    'LinearMomentum': (dict(), lambda: dict(progress=0.5)),
    'LevelNormViT': (
        dict(embed_dims=16, depth=2, num_heads=2, img_size=32, num_frames=4, levels=(0, 1)),
        lambda: dict(x=torch.randn(2, 3, 4, 32, 32)),
    ),
    'LocalAggregationLoss': (dict(background_size=5), bank_inputs),
    'MLPClsHead': (
        dict(num_classes=3, in_channels=8, loss_cls=dict(type='mmaction.CrossEntropyLoss')),
        lambda: dict(x=torch.randn(8, 8, 1, 2, 2)),
    ),
    'MLPNeck': (
        dict(in_channels=8, hidden_channels=6, out_channels=4, norm_cfg=dict(type='BN1d')),
        lambda: dict(features=torch.randn(4, 3, 8)),
    ),
    'MoCo': (
        dict(head=CONTRAST, **FRAME_PARTS),
        lambda: dict(
            inputs=[torch.randn(2, 3, 1, 32, 32) for _ in range(2)], data_samples=[], mode='loss'
        ),
    ),
    'MaskedPixelLoss': (
        dict(),
        lambda: dict(
            predictions=torch.randn(2, 3, 12),
            cubes=torch.rand(2, 3, 4, 3),
            is_hidden=torch.ones(2, 3, dtype=torch.bool),
        ),
    ),
    'MaxClipsI3DHead': (
        dict(num_classes=3, in_channels=8, loss_cls=dict(type='mmaction.BCELossWithLogits')),
        lambda: dict(x=torch.randn(2, 8, 1, 2, 2)),
    ),
    'MultiPairContrastHead': (
        dict(queue=QUEUE),
        lambda: dict(query=unit(2, 3, 8), keys=[unit(2, 3, 8)]),
    ),
    'MultiScaleInfoNCELoss': (
        dict(layers=(5, 8)),
        lambda: dict(first=local_and_global(), second=local_and_global()),
    ),
    'NTXentLoss': (dict(), lambda: dict(first=torch.randn(4, 8), second=torch.randn(4, 8))),
    'NarrowResNet': (NARROW, lambda: dict(x=torch.randn(2, 3, 32, 32))),
    'NarrowResNetTSM': (
        dict(NARROW, num_segments=2, pretrained2d=False),
        lambda: dict(x=torch.randn(4, 3, 32, 32)),
    ),
    'NormalizedI3DHead': (
        dict(num_classes=3, in_channels=8, loss_cls=dict(type='mmaction.CrossEntropyLoss')),
        lambda: dict(x=torch.randn(4, 8, 2, 3, 3)),
    ),
    'PixelDecoder': (
        DECODER,
        lambda: dict(seen=torch.randn(2, 3, 8), asked=torch.randn(2, 5, 8)),
    ),
    'PreActResNet3d': (PREACT, lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'PreActSlowFast': (PREACT_SLOWFAST, lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'PretextClassifier': (
        dict(
            backbone=R3D,
            head=dict(type='TupleClsHead', in_channels=32, num_classes=6, pair_channels=8),
        ),
        pretext_inputs,
    ),
    'ProjectedBackbone': (
        dict(
            backbone=VDIM_ENCODER, neck=dict(type='ResidualMLPNeck', in_channels=16, out_channels=8)
        ),
        lambda: dict(x=torch.randn(2, 3, 31, 127, 127)),
    ),
    'QueueContrastHead': (
        dict(queue=QUEUE, loss=dict(type='InfoNCELoss')),
        lambda: dict(query=unit(4, 8), keys=[unit(4, 8), unit(4, 8)]),
    ),
    'R3DResNet': (R3D, lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'RecurrentBackbone': (
        dict(backbone=DPC_BACKBONE, channels=16, num_blocks=4),
        lambda: dict(x=torch.randn(2, 3, 8, 32, 32)),
    ),
    'ReferenceFeatures': (
        dict(model=dict(type='FeatureExtractor', backbone=NARROW)),
        lambda: dict(inputs=[torch.randint(256, (2, 3, 4, 32, 32), dtype=torch.uint8)]),
    ),
    'ResNet2d3d': (dict(base_channels=4), lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'ResidualMLPNeck': (
        dict(in_channels=8, out_channels=6),
        lambda: dict(features=torch.randn(4, 8, 1, 2, 2)),
    ),
    'RhoMoCo': (dict(head=CONTRAST, **CLIP_PARTS), three_clips),
    'RhoSimCLR': (dict(loss=dict(type='NTXentLoss'), **CLIP_PARTS), three_clips),
    'S3D': (dict(width=1 / 16, gating=True), lambda: dict(x=torch.randn(2, 3, 8, 32, 32))),
    'SeCo': (
        dict(
            inter=CONTRAST,
            intra=dict(type='IntraVideoLoss'),
            order=dict(type='TupleClsHead', num_classes=2, in_channels=8),
            **FRAME_PARTS,
        ),
        seco_inputs,
    ),
    'SwAV': (
        dict(
            loss=dict(type='SwappedPredictionLoss'),
            channels=8,
            num_prototypes=5,
            frozen_steps=1,
            **CLIP_PARTS,
        ),
        three_clips,
    ),
    'SwappedPredictionLoss': (
        dict(),
        lambda: dict(scores=[torch.randn(4, 5) for _ in range(3)]),
    ),
    'SyncBatchNorm': (dict(num_features=4), lambda: dict(x=torch.randn(3, 4, 2, 2))),
    'TapExtractor': (
        dict(backbone=NARROW, taps=['layer2', 'layer4']),
        lambda: dict(inputs=[torch.randn(2, 3, 4, 32, 32)]),
    ),
    'TemporalOrderHead': (
        dict(in_channels=8),
        lambda: dict(
            anchor=torch.randn(2, 3, 8),
            positive=torch.randn(2, 3, 8),
            orders=torch.arange(3).expand(2, 2, 3),
            labels=torch.tensor([0, 3]),
        ),
    ),
    'TokenPredictor': (
        PREDICTOR,
        lambda: dict(
            context=torch.randn(2, 3, 16),
            seen=torch.tensor([[0, 3, 5]] * 2),
            hidden=torch.tensor([[1, 2]] * 2),
            grid=(2, 2, 2),
        ),
    ),
    'TupleClsHead': (
        dict(in_channels=8, num_classes=2),
        lambda: dict(features=torch.randn(2, 3, 8)),
    ),
    'TwoStream': (
        dict(static=FRAMEWISE, dynamic=PREACT_SLOWFAST),
        lambda: dict(x=torch.randn(2, 3, 4, 32, 32)),
    ),
    'VCLR': (tiny_vclr_cfg(), vclr_inputs),
    'VCLRWithDPC': (
        dict(
            tiny_vclr_cfg(
                backbone=DPC_BACKBONE,
                neck=dict(type='MLPNeck', in_channels=16, hidden_channels=16, out_channels=8),
            ),
            prediction=dict(PREDICTION, channels=16),
            num_blocks=4,
        ),
        vclr_with_dpc_inputs,
    ),
    'VDIM': (
        VDIM,
        lambda: dict(
            inputs=[torch.randn(2, 3, 31, 127, 127) for _ in range(2)], data_samples=[], mode='loss'
        ),
    ),
    'VDIMEncoder': (VDIM_ENCODER, lambda: dict(x=torch.randn(2, 3, 31, 127, 127))),
    'VDIMTemporalDifference': (
        VDIM,
        lambda: dict(
            inputs=[torch.randn(2, 3, frames, 127, 127) for frames in (31, 62)],
            data_samples=[],
            mode='loss',
        ),
    ),
    'VIE': (tiny_vie_cfg(loss=RECOGNITION), vie_inputs),
    'VINCE': (
        dict(head=dict(type='MultiPairContrastHead', queue=QUEUE), **FRAME_PARTS),
        lambda: dict(
            inputs=[torch.randn(2, 3, 3, 32, 32) for _ in range(2)], data_samples=[], mode='loss'
        ),
    ),
    'VideoMAE': (tiny_video_mae_cfg(), masked_inputs),
    'VJEPA': (
        dict(
            backbone=dict(
                type='VideoViT',
                embed_dims=16,
                depth=1,
                num_heads=2,
                img_size=32,
                num_frames=4,
                patch_size=8,
                position='rope',
            ),
            predictor=dict(type='TokenPredictor', **PREDICTOR),
            masks=[dict(type='BlockMask', num_blocks=2, scale=0.3)],
            loss=dict(type='FeaturePredictionLoss'),
        ),
        lambda: dict(inputs=[torch.randn(2, 3, 4, 32, 32)], data_samples=[], mode='loss'),
    ),
    'VideoMViT': (
        dict(
            arch=dict(embed_dims=8, num_layers=2, num_heads=1, downscale_indices=[1]),
            temporal_size=4,
            spatial_size=32,
        ),
        lambda: dict(x=torch.randn(2, 3, 4, 32, 32)),
    ),
    'VideoResNet2Plus1d': (dict(base_channels=8), lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'VideoResNet3d': (dict(base_channels=4), lambda: dict(x=torch.randn(2, 3, 4, 32, 32))),
    'VideoViT': (VIT, lambda: dict(x=torch.randn(2, 3, 8, 8, 16))),
    'ViewsPreprocessor': (dict(), None),
}


def registered():
    MODELS.import_from_location()
    return {
        name for name, kind in MODELS.module_dict.items() if kind.__module__.startswith('vsslbox.')
    }


def test_every_component_has_a_line():
    assert set(COMPONENTS) == registered()


def scalar(output):
    values = output.values() if isinstance(output, dict) else [output]
    return sum(value.float().square().sum() for value in values)


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(COMPONENTS))
def test_component(name):
    cfg, make_inputs = COMPONENTS[name]
    model = MODELS.build({**cfg, 'type': name})
    if hasattr(model, 'init_weights'):
        model.init_weights()
    if make_inputs is not None:
        output = model(**make_inputs())
        if any(parameter.requires_grad for parameter in model.parameters()):
            scalar(output).backward()
        for parameter_name, parameter in model.named_parameters():
            assert parameter.requires_grad == (parameter.grad is not None), parameter_name

    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = MODELS.build({**cfg, 'type': name})
    other.load_state_dict(torch.load(file, weights_only=True))
    for key, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key


METHODS = [name for name in COMPONENTS if issubclass(MODELS.get(name), BaseSelfSupervisor)]


@pytest.mark.parametrize('name', METHODS)
def test_method_embeds_its_views(name):
    cfg, make_inputs = COMPONENTS[name]
    model = MODELS.build({**cfg, 'type': name}).eval()
    model.init_weights()
    inputs, samples = (make_inputs()[key] for key in ('inputs', 'data_samples'))
    embeddings = model.embed_views(inputs, samples)
    assert embeddings.ndim == 3
    assert len(embeddings) == len(inputs[0])
    assert embeddings.isfinite().all()
