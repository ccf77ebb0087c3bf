# The same on HMDB51, split 1.
_base_ = './tsn_r50_4xb16-7seg-150e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'
test = dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt')

model = dict(cls_head=dict(num_classes=51))
train_dataloader = dict(dataset=dict(test, ann_file='hmdb51_train_split_1_videos.txt'))
val_dataloader = dict(dataset=test)
test_dataloader = val_dataloader
