# Table 8: 100 epochs.
_base_ = '../cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

max_epochs = 100

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
