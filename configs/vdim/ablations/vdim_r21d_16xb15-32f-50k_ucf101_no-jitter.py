# Grey without colour jitter.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

colors = dict(transforms=dict(jitter=None))
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=dict(defer=colors)))))
