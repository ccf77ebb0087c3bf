# Layer read-outs of VIE-TwoStream-S on Kinetics-400: one GPU x 128 videos, 145 epochs.
_base_ = [
    '../../_base_/models/vie_readout_twostream-s.py',
    '../../_base_/datasets/kinetics400_vie_readout.py',
    '../../_base_/schedules/vie_readout_sgd.py',
    '../../_base_/default_runtime.py',
]

model = dict(num_classes=400)
clip = dict(clip_len=4, frame_interval=16)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', **clip),
    dict(type='DecodeViews'),
    {{_base_.change_geometry}},
    {{_base_.change_colors}},
    dict(type='PackViews'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, **clip),
    dict(type='DecodeViews'),
    {{_base_.crop_center}},
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=145)
param_scheduler = dict(milestones=[56, 131])
default_hooks = dict(checkpoint=dict(interval=5))
