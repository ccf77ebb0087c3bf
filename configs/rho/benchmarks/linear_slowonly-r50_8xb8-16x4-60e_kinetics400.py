# The same on clips of 16 frames, 4 apart.
_base_ = './linear_slowonly-r50_8xb8-8x8-60e_kinetics400.py'

clip = dict(pipeline=dict(sample=dict(clip_len=16, frame_interval=4)))
train_dataloader = dict(dataset=clip)
val_dataloader = dict(dataset=clip)
test_dataloader = dict(dataset=clip)
