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
flip = dict(type='RandomFlip', prob=0.5)
train_dataloader = dict(
    dataset=dict(
        label='appearance',  # what a single frame shows: TSN does not see the order of frames
        pipeline=dict(
            sample=dict(_delete_=True, type='SampleRandomSegmentFrames', num_segments=8),
            augment=dict(transforms=dict(flip=flip)),
            pack=dict(type='PackFrames'),
        ),
    )
)
test_dataloader = dict(
    dataset=dict(
        label='appearance',
        pipeline=dict(
            sample=dict(_delete_=True, type='SampleCentreSegmentFrames', num_segments=8),
            pack=dict(type='PackFrames'),
        ),
    )
)
