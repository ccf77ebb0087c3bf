# MoCo on two clips of a video of Kinetics-400: 8 GPUs x 8 videos, 200 epochs, in half precision.
# The keys are encoded with ShuffleBN, by BatchNorm with the statistics of each GPU.
#
# In the authors' code, the optimizer makes no steps until the keys of 65 536 videos have filled the
# queue (1024 iterations on a node); here it starts at once, at a rate of 0.001.
_base_ = [
    '../_base_/models/rho_slowonly_r50.py',
    '../_base_/datasets/rho_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/rho_sgd_200e.py',
    '../_base_/default_runtime.py',
]

model = _base_.methods.moco
train_dataloader = dict(dataset=_base_.kinetics400_train)
# The decay is for biases, too. AmpOptimWrapper needs a GPU.
optim_wrapper = dict(type='AmpOptimWrapper', optimizer=_base_.sgd)
param_scheduler = dict(start_factor=0.001 / 0.1)
default_hooks = dict(checkpoint=dict(interval=10))
