# VDIM, pretrained on Kinetics-600 and fine-tuned on UCF101, split 1: 2 GPUs x 16 windows of 4 views
# of 32 frames. Tested on all windows of a video, of which one begins every 32 frames.
_base_ = [
    '../../_base_/models/vdim_r21d_finetune.py',
    '../../_base_/datasets/ucf101_32x2.py',
    '../../_base_/datasets/vdim_finetune.py',
    '../../_base_/schedules/vdim_finetune_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=101))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomWindow', num_views=4, clip_len=32),
    dict(type='DecodeViews'),
    {{_base_.augment}},
    dict(type='PackClips'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleAllWindows', num_views=4, clip_len=32, stride=32),
    dict(type='DecodeViews'),
    {{_base_.take_middle}},
    dict(type='PackClips'),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
