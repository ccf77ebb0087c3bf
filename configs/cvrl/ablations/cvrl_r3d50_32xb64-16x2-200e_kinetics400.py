# Table 7: 2048 videos a step, the learning rate in proportion.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

train_dataloader = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(lr=0.64))
