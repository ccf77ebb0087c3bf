# Figure 4: 184 000 iterations on Kinetics-600, as 800 epochs have on Kinetics-400.
_base_ = '../cvrl_r3d50_32xb32-16x2-800e_kinetics600.py'

max_epochs = 515

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
