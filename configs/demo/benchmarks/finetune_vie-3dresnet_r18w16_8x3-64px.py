# The network of the VIE demonstration, fine-tuned on the labels of `VSSLBOX_DEMO_LABELS`.
# `VSSLBOX_VIE` names its checkpoint; for a random start, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/vie_finetune.py',
    '../../_base_/datasets/demo_finetune.py',
    '../../_base_/schedules/demo_finetune_30e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(base_channels=16, norm_cfg=dict(type='BN3d')),
    cls_head=dict(in_channels=128, num_classes=4, init_std=(2 / 128) ** 0.5),
)
# No flip: it would turn a motion to the left into one to the right.
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='RandomResizedCrop', size=64, area=(0.5, 1.0)),
        ],
    ),
    dict(type='PackClips'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=3, clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
    dict(type='PackClips'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
