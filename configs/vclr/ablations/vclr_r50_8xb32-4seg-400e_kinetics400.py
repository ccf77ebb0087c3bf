# Table 7: four segments.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

num_segments = 4

model = dict(num_segments=num_segments)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(num_segments=num_segments))))
