# VCOP's video retrieval on UCF101, split 1, with R(2+1)D.
_base_ = './retrieval_r3d10_ucf101.py'

model = dict(backbone=dict(_base_.networks.r21d10, _delete_=True))
