# VIE-Slow on Kinetics-400: one GPU x 64 videos, 384 epochs.
_base_ = './vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(backbone=_base_.networks.slow)
clip = dict(clip_len=4, frame_interval=16)
# Following the authors' code, a video of up to 64 frames is replaced by a random other one, and its
# place in the bank by that of the other. Validation repeats it instead.
length = dict(_delete_=True, type='RequireFrames', min_frames=65)
steps = dict(length=length, sample=clip)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=steps))
val_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

train_cfg = dict(max_epochs=384)
param_scheduler = dict(milestones=[312, 368])
auto_scale_lr = dict(base_batch_size=64)
