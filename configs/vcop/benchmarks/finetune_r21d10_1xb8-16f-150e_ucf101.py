# VCOP's fine-tuning of R(2+1)D on UCF101, split 1: one GPU x 8 videos, 150 epochs.
#
# `VSSLBOX_VCOP` names the checkpoint of its pretraining; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/pretext_networks.py',
    '../../_base_/protocols/pretext_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

start = dict(type='vsslbox.PretrainedBackbone', checkpoint='{{$VSSLBOX_VCOP:weights/vcop.pth}}')
model = dict(backbone=dict(_base_.networks.r21d10, init_cfg=start), cls_head=dict(num_classes=101))
train_dataloader = dict(dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
