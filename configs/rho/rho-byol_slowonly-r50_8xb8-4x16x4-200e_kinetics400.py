# BYOL on four clips of a video, each of 16 frames, 4 apart.
_base_ = './rho-byol_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py'

clips = dict(num_clips=4, clip_len=16, frame_interval=4)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clips)))
optim_wrapper = dict(optimizer=dict(lr=1.2))
param_scheduler = dict(start_factor=0.001 / 1.2)
