# DPC on Kinetics-400, with ResNet-18 on 128x128 pixels, cropped at random scale.
_base_ = [
    '../_base_/models/dpc_r18.py',
    '../_base_/datasets/dpc_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

crop = dict(_delete_=True, type='RandomResizedCrop', size=128, area=(0.5, 1.0))
augment = dict(transforms=dict(crop=crop, resize=None))
train_dataloader = dict(
    batch_size=32, dataset=dict(_base_.kinetics400_train, pipeline=dict(augment=augment))
)
param_scheduler = dict(milestones=[150, 250])
default_hooks = dict(checkpoint=dict(interval=10))
