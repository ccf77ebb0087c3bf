# The backbone of the VCLR demonstration, fine-tuned by TSN on the labels of `VSSLBOX_DEMO_LABELS`.
# `VSSLBOX_VCLR` names its checkpoint; for a random start, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/demo_finetune.py',
    '../../_base_/schedules/demo_finetune_30e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(type='NarrowResNet', depth=18, base_channels=16),
    cls_head=dict(in_channels=128, num_classes=8, dropout_ratio=0.2),
)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='RandomResizedCrop', size=64, area=(0.5, 1.0)),
            dict(type='RandomFlip', prob=0.5),
        ],
    ),
    dict(type='PackFrames'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
    dict(type='PackFrames'),
]
# What a single frame can tell: TSN doesn't see the order of frames.
train_dataloader = dict(dataset=dict(pipeline=train_pipeline, label='appearance'))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline, label='appearance'))
