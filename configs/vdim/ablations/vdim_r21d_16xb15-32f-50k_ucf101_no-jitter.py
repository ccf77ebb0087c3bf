# Grey without colour jitter.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

augment = dict(
    type='AugmentViews',
    transforms=[
        {{_base_.crop}},
        dict(type='Defer', transforms=[{{_base_.grey}}]),
    ],
)
train_pipeline = [
    dict(type='OpenVideo'),
    {{_base_.sample}},
    dict(type='DecodeViews'),
    augment,
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
