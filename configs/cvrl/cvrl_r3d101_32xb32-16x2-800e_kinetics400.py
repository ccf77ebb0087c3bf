# CVRL with R3D-101.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

model = dict(backbone=dict(depth=101))
