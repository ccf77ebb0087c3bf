# VCOP's video retrieval on UCF101, split 1, with C3D.
_base_ = './retrieval_r3d10_ucf101.py'

model = dict(backbone=dict(_base_.networks.c3d, _delete_=True))
