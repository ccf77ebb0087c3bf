# DPC's fine-tuning on HMDB51, split 1; see the config of UCF101.
_base_ = './finetune_r18-2d3d_4xb32-8x5x3-300e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

model = dict(cls_head=dict(num_classes=51))
train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='hmdb51_train_split_1_videos.txt')
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt'))
test_dataloader = val_dataloader
param_scheduler = dict(milestones=[150, 250])
