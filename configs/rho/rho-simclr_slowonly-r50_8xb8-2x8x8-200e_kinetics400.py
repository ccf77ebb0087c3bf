# SimCLR on two clips of a video of Kinetics-400: 8 GPUs x 8 videos, 200 epochs. The authors' config
# has four clips and a rate of 1.2; that of their results with two clips is not known.
_base_ = [
    '../_base_/models/rho_slowonly_r50.py',
    '../_base_/datasets/rho_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/rho_sgd_200e.py',
    '../_base_/default_runtime.py',
]

sync_bn = 'torch'

model = _base_.methods.simclr
train_dataloader = dict(dataset=_base_.kinetics400_train)
optim_wrapper = dict(optimizer=dict(_base_.lars, lr=1.2))
param_scheduler = dict(start_factor=0.001 / 1.2)
default_hooks = dict(checkpoint=dict(interval=10))
