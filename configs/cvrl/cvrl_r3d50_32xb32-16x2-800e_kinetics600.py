# CVRL with R3D-50 on Kinetics-600: 32 GPUs x 32 videos, 800 epochs.
_base_ = [
    '../_base_/models/cvrl_r3d50.py',
    '../_base_/datasets/cvrl_pretrain.py',
    '../_base_/datasets/kinetics600.py',
    '../_base_/schedules/cvrl_sgd_800e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=_base_.kinetics600_train)
default_hooks = dict(checkpoint=dict(interval=10))
