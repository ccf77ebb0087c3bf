# VIE-Slow on Kinetics-400: one GPU x 64 videos, 384 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_kinetics400_224.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        conv1_kernel_t=1,
        pool1_t=(1, 1),
        kernels_t=[(1, 1), (1, 1), (3, 1), (3, 1)],
        strides_t=(1, 1, 1, 1),
    )
)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=4, frame_interval=16),
    dict(type='DecodeViews'),
    {{_base_.change_geometry}},
    {{_base_.change_colors}},
    dict(type='PackViews'),
]
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, clip_len=4, frame_interval=16),
    dict(type='DecodeViews'),
    {{_base_.crop_center}},
    dict(type='PackViews'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))

train_cfg = dict(max_epochs=384)
param_scheduler = dict(milestones=[312, 368])
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=5))
