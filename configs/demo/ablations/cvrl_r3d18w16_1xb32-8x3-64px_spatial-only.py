# The small CVRL with two views of the same clip (the paper's Table 9).
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=8, frame_interval=3, law='same'),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.geometry}}),
    dict(type='AugmentViews', transforms={{_base_.colors}}),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
