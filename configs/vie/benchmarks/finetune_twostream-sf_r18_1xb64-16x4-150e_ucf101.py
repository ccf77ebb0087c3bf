# VIE's fine-tuning of VIE-TwoStream-SF on UCF101, split 1, with multi-scale crops: one GPU x 64
# videos; tested on 3 clips.
_base_ = [
    '../../_base_/protocols/vie_finetune.py',
    '../../_base_/models/vie_finetune_twostream-sf.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

param_scheduler = dict(milestones=[67, 134])
train_cfg = dict(max_epochs=150)
default_hooks = dict(checkpoint=dict(interval=10))

model = dict(backbone=_base_.network, cls_head=dict(_base_.head, num_classes=101))
train_dataloader = dict(batch_size=64, dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
auto_scale_lr = dict(base_batch_size=64)
