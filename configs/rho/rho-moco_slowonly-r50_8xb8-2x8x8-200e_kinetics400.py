# MoCo on two clips of a video of Kinetics-400: 8 GPUs x 8 videos, 200 epochs, in half precision.
# The keys are encoded with ShuffleBN, by BatchNorm with the statistics of each GPU.
#
# The optimizer makes no steps until 65 536 videos have been seen (1024 iterations on a node), whose
# keys fill the queue; the schedules go on. Without the hook it starts at once.
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
custom_hooks = [dict(type='FillQueueHook')]
