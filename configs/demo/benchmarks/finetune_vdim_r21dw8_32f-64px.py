# The encoder of the VDIM demonstration and the projection of its last layer, fine-tuned on the
# labels of `VSSLBOX_DEMO_LABELS`. `VSSLBOX_VDIM` names its checkpoint; for a random start, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/demo_vdim_layers.py',
    '../../_base_/models/vdim_r21d_finetune.py',
    '../../_base_/datasets/demo_finetune.py',
    '../../_base_/schedules/demo_finetune_30e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        backbone=dict(base_channels=8, extra_blocks=1, layers=_base_.layers),
        neck=dict(in_channels=64, out_channels=64),
        layer=7,
    ),
    cls_head=dict(in_channels=64, num_views=1, hidden_channels=64, num_classes=4),
)
# One view of 32 frames: the videos have 48.
window = dict(_delete_=True, num_views=1, clip_len=32)
train_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            sample=dict(window, type='SampleRandomWindow'),
            augment=dict(transforms=dict(lab=dict(type='LabChannelDropout', prob=0.5))),
        )
    )
)
test_dataloader = dict(
    batch_size=1,
    dataset=dict(pipeline=dict(sample=dict(window, type='SampleAllWindows', stride=8))),
)
