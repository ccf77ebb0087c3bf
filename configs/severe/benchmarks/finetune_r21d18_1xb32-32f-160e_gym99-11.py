# SEVERE, few samples: 11 videos of each class of Gym99, at most 1089. The list is written by
# tools/data/make_subset.py LIST --per-class 11.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/finegym.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 160
model = dict(cls_head=dict(num_classes=99))
train_dataloader = dict(dataset=dict(_base_.gym99_train, ann_file='gym99_train_list_videos_11.txt'))
val_dataloader = dict(dataset=_base_.gym99_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[60, 100, 140])
