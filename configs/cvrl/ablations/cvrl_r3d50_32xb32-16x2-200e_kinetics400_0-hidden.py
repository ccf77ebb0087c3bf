# Table 6: a projection with no hidden layer.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

model = dict(neck=dict(num_layers=1))
