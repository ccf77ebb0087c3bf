# VIE's fine-tuning of VIE-SlowFast on HMDB51, split 1, with multi-scale crops: one GPU x 128
# videos; tested on 2 clips.
_base_ = [
    '../../_base_/protocols/vie_finetune.py',
    '../../_base_/models/vie_finetune_slowfast.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/default_runtime.py',
]

param_scheduler = dict(milestones=[741, 1111])
train_cfg = dict(max_epochs=1220)
default_hooks = dict(checkpoint=dict(interval=10))

model = dict(backbone=_base_.network, cls_head=dict(_base_.head, num_classes=51))
train_dataloader = dict(dataset=_base_.hmdb51_train)
test_steps = dict(sample=dict(num_clips=2))
val_dataloader = dict(dataset=dict(_base_.hmdb51_test, pipeline=test_steps))
test_dataloader = val_dataloader
