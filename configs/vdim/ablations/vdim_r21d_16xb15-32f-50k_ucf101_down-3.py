# The consequent keeps every third frame.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(
        type='SampleSubsequences',
        clip_len=32,
        offset=0,
        down_sampling=(1, 3),
        consequent_len=64,
    ),
    dict(type='DecodeViews'),
    {{_base_.augment}},
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
