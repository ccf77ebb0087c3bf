# The same on 16 frames a video.
_base_ = './tsm_r50_8xb6-8seg-50e_sthv2.py'

model = dict(backbone=dict(num_segments=16), cls_head=dict(num_segments=16))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=16),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='Resize', short_side=256),
            dict(
                type='MultiScaleCrop',
                size=224,
                scales=(1, 0.875, 0.75, 0.66),
                max_scale_gap=1,
                num_positions=13,
            ),
        ],
    ),
    dict(type='PackFrames'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=16),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)],
    ),
    dict(type='PackFrames'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
