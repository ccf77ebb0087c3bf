# Table 7: one segment. There are no other frames for the intra loss and no order.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

num_segments = 1

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleSegmentTuples', num_segments=num_segments),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.augmentation}}),
    dict(type='PackViews'),
]
model = dict(intra=None, order=None, num_segments=num_segments)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
