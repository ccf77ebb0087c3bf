# SEVERE, another domain: Something-Something V2, what hands do to things.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/sthv2.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 44
model = dict(cls_head=dict(num_classes=174))
train_dataloader = dict(dataset=_base_.sthv2_train)
val_dataloader = dict(dataset=_base_.sthv2_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[24, 34, 40])
