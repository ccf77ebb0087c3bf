# VIE's fine-tuning of VIE-3DResNet on HMDB51, split 1, with multi-scale crops: one GPU x 128
# videos; tested on 4 clips.
_base_ = [
    '../../_base_/protocols/vie_finetune.py',
    '../../_base_/models/vie_finetune_3dresnet.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/default_runtime.py',
]

param_scheduler = dict(milestones=[1481, 2222])
train_cfg = dict(max_epochs=2440)
default_hooks = dict(checkpoint=dict(interval=10))

model = dict(backbone=_base_.network, cls_head=dict(_base_.head, num_classes=51))
crop = dict(size=112)
train_steps = dict(sample=dict(frame_interval=1), augment=dict(transforms=dict(crop=crop)))
test_steps = dict(
    sample=dict(num_clips=4, frame_interval=1),
    augment=dict(transforms=dict(resize=dict(short_side=128), crop=crop)),
)
train_dataloader = dict(dataset=dict(_base_.hmdb51_train, pipeline=train_steps))
val_dataloader = dict(dataset=dict(_base_.hmdb51_test, pipeline=test_steps))
test_dataloader = val_dataloader
