# Dot products that are not divided by the square root of their length.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(scale=False))
