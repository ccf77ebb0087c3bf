# VCLR's Table 10: fine-tuning of R3D-18 on HMDB51, split 1; see the config of UCF101.
_base_ = './finetune_r3d18_8xb16-16x2-50e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

model = dict(cls_head=dict(num_classes=51))
train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='hmdb51_train_split_1_videos.txt')
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt'))
test_dataloader = val_dataloader
