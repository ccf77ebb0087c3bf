# VCOP's fine-tuning of R(2+1)D on HMDB51, split 1.
_base_ = './finetune_r21d10_1xb8-16f-150e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

model = dict(cls_head=dict(num_classes=51))
test = dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt')
train_dataloader = dict(dataset=dict(test, ann_file='hmdb51_train_split_1_videos.txt'))
val_dataloader = dict(dataset=test)
test_dataloader = val_dataloader
