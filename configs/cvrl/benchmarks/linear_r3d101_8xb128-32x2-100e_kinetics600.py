# CVRL's linear evaluation on Kinetics-600 of R3D-101.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics600.py'

model = dict(backbone=dict(depth=101))
