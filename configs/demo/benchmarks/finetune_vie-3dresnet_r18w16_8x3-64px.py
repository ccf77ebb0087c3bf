# The network of the VIE demonstration, fine-tuned on the labels of `VSSLBOX_DEMO_LABELS`.
# `VSSLBOX_VIE` names its checkpoint; for a random start, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/vie_finetune_3dresnet.py',
    '../../_base_/datasets/demo_finetune.py',
    '../../_base_/schedules/demo_finetune_30e.py',
    '../../_base_/default_runtime.py',
]

imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor', format_shape='NCTHW', **imagenet
    ),
    backbone=dict(_base_.network, base_channels=16, norm_cfg=dict(type='BN3d')),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=128,
        num_classes=4,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        init_std=(2 / 128) ** 0.5,
        average_clips='prob',
    ),
)
