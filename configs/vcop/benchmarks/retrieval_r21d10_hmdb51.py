# VCOP's video retrieval on HMDB51, split 1, with R(2+1)D.
_base_ = './retrieval_r3d10_hmdb51.py'

model = dict(backbone=dict(_base_.networks.r21d10, _delete_=True))
