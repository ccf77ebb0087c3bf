# CVRL with R3D-50 and the hidden layers of its projection, twice as wide on Kinetics-600.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics600.py'

width = 4096

model = dict(
    backbone=dict(base_channels=128),
    neck=dict(in_channels=width, hidden_channels=width),
)
