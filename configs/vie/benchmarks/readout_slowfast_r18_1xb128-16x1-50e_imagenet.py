# Layer read-outs of VIE-SlowFast on ImageNet: one GPU x 128 images, 50 epochs.
_base_ = [
    '../../_base_/models/vie_readout_slowfast.py',
    '../../_base_/datasets/imagenet_vie_readout.py',
    '../../_base_/schedules/vie_readout_sgd.py',
    '../../_base_/default_runtime.py',
]

model = dict(num_classes=1000)
clip = dict(clip_len=16, frame_interval=1)
train_pipeline = [
    dict(type='OpenVideo', readers=['image']),
    dict(type='SampleRandomClip', **clip),
    dict(type='DecodeViews'),
    {{_base_.change_geometry}},
    {{_base_.change_colors}},
    dict(type='PackViews'),
]
test_pipeline = [
    dict(type='OpenVideo', readers=['image']),
    dict(type='SampleUniformClips', num_clips=1, **clip),
    dict(type='DecodeViews'),
    {{_base_.crop_center}},
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=50)
param_scheduler = dict(milestones=[20, 46])
default_hooks = dict(checkpoint=dict(interval=5))
