# VDIM, pretrained on Kinetics-600 and fine-tuned on HMDB51, split 1: windows of 2 views, since its
# videos are short; 36 epochs are the 4 000 steps of the paper (3 996 of 32 videos).
_base_ = [
    '../../_base_/models/vdim_r21d_finetune.py',
    '../../_base_/datasets/hmdb51_32x2.py',
    '../../_base_/datasets/vdim_finetune.py',
    '../../_base_/schedules/vdim_finetune_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51, num_views=2))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomWindow', num_views=2, clip_len=32),
    dict(type='DecodeViews'),
    {{_base_.augment}},
    dict(type='PackClips'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleAllWindows', num_views=2, clip_len=32, stride=32),
    dict(type='DecodeViews'),
    {{_base_.take_middle}},
    dict(type='PackClips'),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
train_cfg = dict(max_epochs=36, val_interval=6)
param_scheduler = dict(step_size=400)
