# Figure 3: all intervals are as likely.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2, law='uniform'),
    dict(type='DecodeViews'),
    {{_base_.augment_first}},
    {{_base_.augment_second}},
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
