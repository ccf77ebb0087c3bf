# VCOP's video retrieval on HMDB51, split 1, with C3D.
_base_ = './retrieval_r3d10_hmdb51.py'

model = dict(backbone=dict(_base_.networks.c3d, _delete_=True))
