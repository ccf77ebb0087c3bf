# SEVERE, another domain: Gym99, routines of artistic gymnastics.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/finegym.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 160
model = dict(cls_head=dict(num_classes=99))
train_dataloader = dict(dataset=_base_.gym99_train)
val_dataloader = dict(dataset=_base_.gym99_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[60, 100, 140])
