# The small CVRL with two clips that are augmented in no other way (the paper's Table 9).
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=64)]),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
