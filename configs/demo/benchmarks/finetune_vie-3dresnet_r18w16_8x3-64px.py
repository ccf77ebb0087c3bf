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
