# Something-Something V2 as 8 frames a video, for mmaction2's 2D recognizers; tested on its
# validation videos, by ten crops of 8 frames.
_base_ = './classification_32x2.py'

data_root = '{{$VSSLBOX_STHV2:data/sthv2}}'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    # No flip: the classes tell left from right. (The appendix of VCLR claims flips on all data.)
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='Resize', short_side=256),
            dict(
                type='MultiScaleCrop',
                size=224,
                scales=(1, 0.875, 0.75, 0.66),
                max_scale_gap=1,
                num_positions=5,
            ),
        ],
    ),
    dict(type='PackFrames'),
]
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)],
    ),
    dict(type='PackFrames'),
]
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', short_side=256)]),
    dict(type='TenCrops', size=224),
    dict(type='PackFrames'),
]
validation = dict(
    data_root=data_root,
    ann_file='sthv2_val_list_videos.txt',
    data_prefix=dict(video='videos'),
    pipeline=val_pipeline,
)
train_dataloader = dict(
    dataset=dict(validation, ann_file='sthv2_train_list_videos.txt', pipeline=train_pipeline)
)
val_dataloader = dict(dataset=validation)
test_dataloader = dict(dataset=dict(validation, pipeline=test_pipeline))
