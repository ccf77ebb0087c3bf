# The small VDIM with Lab dropout instead of jitter and grey.
_base_ = '../vdim_r21dw8_1xb32-32f-64px.py'

lab = dict(_delete_=True, lab=dict(type='LabChannelDropout', prob=0.5))
train_dataloader = dict(dataset=dict(pipeline=dict(color=dict(transforms=lab))))
