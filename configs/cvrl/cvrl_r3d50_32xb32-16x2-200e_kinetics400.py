# CVRL with R3D-50 on Kinetics-400 for 200 epochs, as in all ablations.
_base_ = [
    '../_base_/models/cvrl_r3d50.py',
    '../_base_/datasets/cvrl_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/cvrl_sgd_800e.py',
    '../_base_/default_runtime.py',
]

max_epochs = 200

train_dataloader = dict(dataset=_base_.kinetics400_train)
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=10))
