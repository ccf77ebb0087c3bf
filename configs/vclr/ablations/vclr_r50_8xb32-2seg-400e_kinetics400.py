# Table 7: two segments, which have no order but forward and backward.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

num_segments = 2

model = dict(order=None, num_segments=num_segments)
train_dataloader = dict(
    dataset=dict(pipeline=dict(sample=dict(num_segments=num_segments), order=None))
)
