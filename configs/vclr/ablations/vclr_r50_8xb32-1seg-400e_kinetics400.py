# Table 7: one segment. There are no other frames for the intra loss and no order.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

num_segments = 1

model = dict(intra=None, order=None, num_segments=num_segments)
train_dataloader = dict(
    dataset=dict(pipeline=dict(sample=dict(num_segments=num_segments), order=None))
)
