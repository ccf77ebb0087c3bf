# Fine-tuning of CaffeNet after Shuffle and Learn on HMDB51, split 1: as many steps as on UCF101.
_base_ = './tsn_caffenet_1xb128-1seg-270e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

model = dict(cls_head=dict(num_classes=51))
test = dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt')
train_dataloader = dict(dataset=dict(test, ann_file='hmdb51_train_split_1_videos.txt'))
val_dataloader = dict(dataset=test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=741)
param_scheduler = dict(milestones=[518])
