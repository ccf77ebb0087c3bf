# Table 12: RandAugment, the same for all frames of a clip, in place of colours and blur.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.geometry}}),
    dict(type='AugmentViews', transforms=[dict(type='RandAugment')]),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
