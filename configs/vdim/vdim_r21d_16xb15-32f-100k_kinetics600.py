# VDIM on Kinetics-600: 16 GPUs x 15 videos, 100 000 steps.
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/datasets/kinetics600.py',
    '../_base_/schedules/vdim_adam.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=_base_.kinetics600_train)
# An epoch has 1504 steps for the authors' 361 080 videos: 100 768 in all.
train_cfg = dict(max_epochs=67)
default_hooks = dict(checkpoint=dict(interval=5))
