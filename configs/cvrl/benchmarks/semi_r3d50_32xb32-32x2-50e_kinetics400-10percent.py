# CVRL's semi-supervised learning on 10 % of Kinetics-400: as on 1 %, for 50 epochs.
_base_ = './semi_r3d50_32xb32-32x2-100e_kinetics400-1percent.py'

max_epochs = 50

train_dataloader = dict(dataset=_base_.kinetics400_10percent)
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
