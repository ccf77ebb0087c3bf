# VIE's fine-tuning of VIE-SlowFast on UCF101, split 1, with multi-scale crops: one GPU x 128
# videos; tested on 3 clips.
_base_ = [
    '../../_base_/protocols/vie_finetune.py',
    '../../_base_/models/vie_finetune_slowfast.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

param_scheduler = dict(milestones=[135, 270])
train_cfg = dict(max_epochs=300)
default_hooks = dict(checkpoint=dict(interval=10))

model = dict(backbone=_base_.network, cls_head=dict(_base_.head, num_classes=101))
train_dataloader = dict(dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
