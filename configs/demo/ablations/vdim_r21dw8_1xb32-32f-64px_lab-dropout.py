# The small VDIM with Lab dropout in place of jitter and grey.
_base_ = '../vdim_r21dw8_1xb32-32f-64px.py'

train_pipeline = [
    dict(type='OpenVideo'),
    {{_base_.sample}},
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[{{_base_.crop}}]),
    dict(type='AugmentViews', transforms=[dict(type='LabChannelDropout', prob=0.5)]),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
