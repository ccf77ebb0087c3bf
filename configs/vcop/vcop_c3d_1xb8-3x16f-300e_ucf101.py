# Video clip order prediction on UCF101 with C3D.
_base_ = './vcop_r3d10_1xb8-3x16f-300e_ucf101.py'

model = dict(backbone=dict(_base_.networks.c3d, _delete_=True))
