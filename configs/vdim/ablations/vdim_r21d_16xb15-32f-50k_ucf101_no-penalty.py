# Large scores are not penalised.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(penalty=0))
