# VCLR's fine-tuning on HMDB51, split 1, by TSN: 8 GPUs x 32 videos of 8 frames, 50 epochs; tested
# on 8 frames. That the tests' crops have 256 pixels, the trainings' 224, is by the authors' code.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/hmdb51_32x2.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51, dropout_ratio=0.4, init_std=0.01))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=8),
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
    dict(type='SampleCentreSegmentFrames', num_segments=8),
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
optim_wrapper = dict(optimizer=dict(lr=0.025))
auto_scale_lr = dict(enable=False, base_batch_size=256)
