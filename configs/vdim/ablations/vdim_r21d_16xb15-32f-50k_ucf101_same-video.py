# The other positions of the same video are negatives too.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(mask_same_video=False))
