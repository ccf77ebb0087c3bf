# VIE-Single on Kinetics-400: one GPU x 128 videos, 734 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_kinetics400_224.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(conv1_kernel_t=1, pool1_t=(1, 1), kernels_t=[(1, 1)] * 4, strides_t=(1, 1, 1, 1))
)

train_cfg = dict(max_epochs=734)
param_scheduler = dict(milestones=[544, 651])
default_hooks = dict(checkpoint=dict(interval=5))
