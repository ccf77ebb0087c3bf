# R3D-50 and its projection, 2 times as wide.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

model = dict(
    backbone=dict(base_channels=128),
    neck=dict(in_channels=4096, hidden_channels=4096),
)
