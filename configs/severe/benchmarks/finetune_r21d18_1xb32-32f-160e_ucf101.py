# SEVERE on UCF101, split 1: the domain that is nearest to Kinetics.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 160
model = dict(cls_head=dict(num_classes=101))
train_dataloader = dict(dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[60, 100, 140])
