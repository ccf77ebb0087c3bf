# VIE's fine-tuning of VIE-Single on UCF101, split 1, with multi-scale crops: one GPU x 128 videos;
# tested on 5 clips.
_base_ = [
    '../../_base_/protocols/vie_finetune.py',
    '../../_base_/models/vie_finetune_single.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

param_scheduler = dict(milestones=[203, 473])
train_cfg = dict(max_epochs=520)
default_hooks = dict(checkpoint=dict(interval=10))

model = dict(backbone=_base_.network, cls_head=dict(_base_.head, num_classes=101))
frame = dict(clip_len=1, frame_interval=1)
frames = dict(_delete_=True, type='SampleUniformClips', num_clips=5, clip_len=1)
train_dataloader = dict(dataset=dict(_base_.ucf101_train, pipeline=dict(sample=frame)))
val_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=dict(sample=frames)))
test_dataloader = val_dataloader
