# SEVERE, few samples: 10 videos of each class of UCF101, split 1, 1010 in all. The list is
# written by tools/data/make_subset.py LIST --per-class 10.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 160
model = dict(cls_head=dict(num_classes=101))
train_dataloader = dict(
    dataset=dict(_base_.ucf101_train, ann_file='ucf101_train_split_1_videos_10.txt')
)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[60, 100, 140])
