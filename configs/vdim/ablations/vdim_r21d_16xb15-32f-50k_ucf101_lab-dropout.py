# A channel of Lab is dropped, instead of colour jitter and grey. The paper does not say how often.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

colors = dict(transforms=dict(jitter=None, grey=None, lab=dict(type='LabChannelDropout', prob=0.5)))
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=dict(defer=colors)))))
