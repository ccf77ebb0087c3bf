# CVRL with R3D-101 on Kinetics-600.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics600.py'

model = dict(backbone=dict(depth=101))
