# VCLR's fine-tuning on UCF101, split 1, by TSN: 8 GPUs x 32 videos of 3 frames, 300 epochs; tested
# on 25 frames. That the tests' crops have 256 pixels, the trainings' 224, is by the authors' code.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/ucf101_32x2.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=101, dropout_ratio=0.4, init_std=0.001))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=3),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='Resize', short_side=256),
            dict(type='RandomResizedCrop', size=224, area=(0.08, 1.0)),
            dict(type='RandomFlip', prob=0.5),
        ],
    ),
    dict(type='PackFrames'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=25),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=256)],
    ),
    dict(type='PackFrames'),
]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=300, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=5e-4))
param_scheduler = dict(milestones=[120, 240])
auto_scale_lr = dict(enable=False, base_batch_size=256)
