# DPC's fine-tuning on UCF101, split 1: backbone, recurrent unit, BatchNorm, dropout, and a linear
# classifier, all of it trained at one rate, as in the authors' code (whose lower rate for the
# backbone reaches no parameter). The crop is their random scale; jitter comes in 30 of 100 cases.
#
# `VSSLBOX_DPC` names the checkpoint of a pretraining by DPC, with or without VCLR's losses.
_base_ = [
    '../../_base_/protocols/clip_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_DPC:weights/dpc_r18.pth}}'
start = dict(
    type='vsslbox.PretrainedBackbone',
    checkpoint=start_weights,
    allow_missing=['norm.', '*.running_'],  # DPC's BatchNorm keeps no statistics
)
model = dict(
    backbone=dict(
        type='RecurrentBackbone',
        backbone=dict(type='ResNet2d3d', depth=18),
        channels=256,
        num_blocks=8,
        init_cfg=start,
    ),
    cls_head=dict(in_channels=256, num_classes=101, dropout_ratio=0.5),
)
jitter = dict(type='ColorJitter', brightness=0.5, contrast=0.5, saturation=0.5, hue=0.25, prob=0.3)
sample = dict(clip_len=40, frame_interval=3)
transforms = dict(crop=dict(size=128, area=(0.5, 1.0)), jitter=jitter)
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        _base_.ucf101_train, pipeline=dict(sample=sample, augment=dict(transforms=transforms))
    ),
)
middle = dict(resize=dict(short_side=128), crop=dict(size=128))
val_dataloader = dict(
    dataset=dict(_base_.ucf101_test, pipeline=dict(sample=sample, augment=dict(transforms=middle)))
)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=300)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-3))
param_scheduler = dict(type='MultiStepLR', milestones=[60, 80, 100], gamma=0.1)
auto_scale_lr = dict(enable=False, base_batch_size=128)
