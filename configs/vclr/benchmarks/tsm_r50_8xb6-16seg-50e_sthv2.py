# The same on 16 frames per video.
_base_ = './tsm_r50_8xb6-8seg-50e_sthv2.py'

num_segments = 16

sample = dict(num_segments=num_segments)
model = dict(backbone=sample, cls_head=sample)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
val_dataloader = train_dataloader
test_dataloader = train_dataloader
