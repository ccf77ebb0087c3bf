# Table 10: VCLR with R3D-18 on HACS, from scratch, clips in place of frames. The paper gives
# neither the part of HACS nor the size and number of the frames nor the schedule: here they are
# HACS Clips, 16 frames of 112x112 pixels and the schedule on Kinetics-400.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/hacs.py',
    '../_base_/schedules/vclr_sgd_400e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(_delete_=True, type='VideoResNet3d'),
    neck=dict(in_channels=512, hidden_channels=512, init_cfg=None),
)
sample = dict(clip_len=16)
# The frames of a view share crop and flip.
geometry = dict(crop=dict(size=112, consistent=True), flip=dict(consistent=True))
augment = dict(transforms=geometry)
train_dataloader = dict(
    dataset=dict(_base_.hacs_train, pipeline=dict(sample=sample, augment=augment))
)
default_hooks = dict(checkpoint=dict(interval=10))
