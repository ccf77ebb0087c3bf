# The consequent keeps every third frame.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(down_sampling=(1, 3)))))
