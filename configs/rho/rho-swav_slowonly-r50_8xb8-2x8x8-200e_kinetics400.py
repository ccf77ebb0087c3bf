# SwAV on two clips of a video of Kinetics-400: 8 GPUs x 8 videos, 200 epochs. Codes are those of
# the videos of all GPUs; in the authors' code on a single node, those of the 8 videos of each GPU.
_base_ = [
    '../_base_/models/rho_slowonly_r50.py',
    '../_base_/datasets/rho_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/rho_sgd_200e.py',
    '../_base_/default_runtime.py',
]

sync_bn = 'torch'

model = _base_.methods.swav
train_dataloader = dict(dataset=_base_.kinetics400_train)
optim_wrapper = dict(optimizer=_base_.lars)
param_scheduler = dict(start_factor=0.001 / 0.6)
default_hooks = dict(checkpoint=dict(interval=10))
