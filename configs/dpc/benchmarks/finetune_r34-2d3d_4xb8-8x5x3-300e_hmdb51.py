# DPC's fine-tuning of ResNet-34 on HMDB51, split 1, on 224x224 pixels.
_base_ = './finetune_r18-2d3d_4xb32-8x5x3-300e_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'
middle = dict(augment=dict(transforms=dict(resize=dict(short_side=256), crop=dict(size=224))))

model = dict(backbone=dict(backbone=dict(depth=34)), cls_head=dict(num_classes=51))
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        data_root=data_root,
        ann_file='hmdb51_train_split_1_videos.txt',
        pipeline=dict(augment=dict(transforms=dict(crop=dict(size=224)))),
    ),
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt', pipeline=middle)
)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=300)
param_scheduler = dict(milestones=[150, 250])
auto_scale_lr = dict(base_batch_size=32)
