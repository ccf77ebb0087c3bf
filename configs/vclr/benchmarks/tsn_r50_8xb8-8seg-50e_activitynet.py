# VCLR's fine-tuning on ActivityNet-1.3 by TSN, on clips cut out where an activity is annotated:
# 8 GPUs x 8 clips, 50 epochs; tested on 25 frames x 3 crops of 256 pixels.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/classification_32x2.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_ACTIVITYNET:data/activitynet}}'

model = dict(cls_head=dict(num_classes=200, dropout_ratio=0.8, init_std=0.01))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
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
    dict(type='AugmentViews', transforms=[dict(type='Resize', short_side=256)]),
    dict(type='ThreeCrops', size=256),
    dict(type='PackFrames'),
]
validation = dict(
    data_root=data_root,
    ann_file='activitynet_val_list_clips.txt',
    data_prefix=dict(video='clips'),
    pipeline=test_pipeline,
)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(validation, ann_file='activitynet_train_list_clips.txt', pipeline=train_pipeline),
)
val_dataloader = dict(batch_size=1, dataset=validation)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(enable=False, base_batch_size=64)
