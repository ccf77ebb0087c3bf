# The blur of the paper's Algorithm 1: both views, always, and no solarisation.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.augment_first.transforms}}),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
