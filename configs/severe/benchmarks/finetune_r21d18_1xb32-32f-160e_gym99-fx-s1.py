# SEVERE, actions that differ in detail: FX-S1 of Gym99, leaps, jumps and hops on the floor. Its
# length is that of Gym99, for want of another one.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/finegym.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 160
model = dict(cls_head=dict(num_classes=11))
train_dataloader = dict(dataset=dict(_base_.gym99_train, ann_file='fx-s1_train_list_videos.txt'))
val_dataloader = dict(dataset=dict(_base_.gym99_test, ann_file='fx-s1_val_list_videos.txt'))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[60, 100, 140])
