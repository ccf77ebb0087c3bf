# Figure 3: all intervals are equally likely.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

sample = dict(law='uniform')
train_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
