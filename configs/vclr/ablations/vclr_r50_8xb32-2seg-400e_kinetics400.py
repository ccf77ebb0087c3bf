# Table 7: two segments, which have no order but forward and backward.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

num_segments = 2

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleSegmentTuples', num_segments=num_segments),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.augmentation}}),
    dict(type='PackViews'),
]
model = dict(order=None, num_segments=num_segments)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
