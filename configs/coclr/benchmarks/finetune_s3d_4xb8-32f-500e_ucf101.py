# CoCLR's fine-tuning of S3D on UCF101, split 1, 500 epochs: 32 frames of 128x128 pixels, tested on
# ten crops of 10 clips. The number of videos a step is ours.
#
# `VSSLBOX_COCLR` names the checkpoint of a pretraining, by InfoNCE or with VCLR's losses.
_base_ = [
    '../../_base_/protocols/clip_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_COCLR:weights/infonce_s3d.pth}}'

model = dict(
    backbone=dict(
        type='S3D', init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
    ),
    cls_head=dict(in_channels=1024, num_classes=101, dropout_ratio=0.9),
)
sample = dict(clip_len=32, frame_interval=1)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8)
augment = dict(transforms=dict(crop=dict(size=128), jitter=jitter))
train_dataloader = dict(
    batch_size=8,
    dataset=dict(_base_.ucf101_train, pipeline=dict(sample=sample, augment=augment)),
)
middle = dict(resize=dict(short_side=150), crop=dict(size=128))
val_dataloader = dict(
    dataset=dict(_base_.ucf101_test, pipeline=dict(sample=sample, augment=dict(transforms=middle)))
)
ten_crops = dict(
    sample=sample,
    augment=dict(transforms=dict(resize=dict(short_side=150), crop=None)),
    crops=dict(_delete_=True, type='TenCrops', size=128),
)
test_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=ten_crops))
train_cfg = dict(max_epochs=500)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-3))
param_scheduler = dict(type='MultiStepLR', milestones=[400, 450], gamma=0.1)
