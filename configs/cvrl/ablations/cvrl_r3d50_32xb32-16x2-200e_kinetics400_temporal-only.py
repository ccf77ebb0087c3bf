# Table 9: temporal augmentation alone; both views are the middle of the frames.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=224), dict(type='CenterCrop', size=224)],
    ),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
