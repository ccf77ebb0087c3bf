# VIE-SlowFast on Kinetics-400: one GPU x 64 videos, 360 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_kinetics400_224.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(_delete_=True, type='PreActSlowFast'),
    neck=dict(in_channels=704),
)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    {{_base_.change_geometry}},
    {{_base_.change_colors}},
    dict(type='PackViews'),
]
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    {{_base_.crop_center}},
    dict(type='PackViews'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))

train_cfg = dict(max_epochs=360)
param_scheduler = dict(milestones=[299, 346])
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=5))
