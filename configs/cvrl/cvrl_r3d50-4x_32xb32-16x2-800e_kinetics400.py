# R3D-50 and its projection, 4 times as wide.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

model = dict(
    backbone=dict(base_channels=256),
    neck=dict(in_channels=8192, hidden_channels=8192),
)
