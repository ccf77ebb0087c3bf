# DPC on Kinetics-400 with ResNet-34 on 224x224 pixels: 4 GPUs x 11 videos, 150 epochs. The falls of
# the rate are not known: here they are after 100 and 130 epochs.
_base_ = './dpc_r18-2d3d_4xb32-8x5x3-300e_kinetics400.py'

model = dict(backbone=dict(depth=34))
transforms = dict(crop=dict(size=224))
train_dataloader = dict(
    batch_size=11, dataset=dict(pipeline=dict(augment=dict(transforms=transforms)))
)
train_cfg = dict(max_epochs=150)
param_scheduler = dict(milestones=[100, 130])
