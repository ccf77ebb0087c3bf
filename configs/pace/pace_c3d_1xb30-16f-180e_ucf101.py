# Pace prediction on UCF101 with C3D.
_base_ = './pace_r21d10_1xb30-16f-180e_ucf101.py'

model = dict(backbone=dict(_base_.networks.c3d, _delete_=True))
