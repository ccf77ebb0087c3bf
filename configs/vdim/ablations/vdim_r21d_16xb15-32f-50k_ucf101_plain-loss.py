# The loss as the paper prints it, without any of AMDIM's details.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(scale=False, clip=None, penalty=0, mask_same_video=False))
