# VIE's fine-tuning of VIE-SlowFast on HMDB51, split 1, with multi-scale crops: one GPU x 128
# videos; tested on 2 clips.
_base_ = [
    '../../_base_/models/vie_finetune_slowfast.py',
    '../../_base_/datasets/hmdb51_32x2.py',
    '../../_base_/datasets/vie_finetune_16x4.py',
    '../../_base_/schedules/vie_finetune.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51))
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=2, clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.multi_scale_middle}}),
    dict(type='PackClips'),
]
train_dataloader = dict(batch_size=128, dataset=dict(pipeline={{_base_.multi_scale_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=1220)
param_scheduler = dict(milestones=[741, 1111])
default_hooks = dict(checkpoint=dict(interval=10))
