# DPC's fine-tuning of ResNet-34 on UCF101, split 1, on 224x224 pixels; see the config of ResNet-18.
# The number of epochs is ours: the authors' rate falls at 300, 400 and 500.
_base_ = './finetune_r18-2d3d_4xb32-8x5x3-300e_ucf101.py'

model = dict(backbone=dict(backbone=dict(depth=34)))
train_crop = dict(augment=dict(transforms=dict(crop=dict(size=224))))
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_crop))
middle = dict(resize=dict(short_side=256), crop=dict(size=224))
val_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=middle))))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=500)
param_scheduler = dict(milestones=[300, 400])
auto_scale_lr = dict(base_batch_size=32)
