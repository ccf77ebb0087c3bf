# CVRL's linear evaluation on Kinetics-600 of R3D-50, twice as wide.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics600.py'

model = dict(backbone=dict(base_channels=128), cls_head=dict(in_channels=4096))
