# Something-Something V2 for mmaction2's 2D recognizers, as one frame of each of 8 segments; tested
# on its validation videos. A config sets `batch_size`.
data_root = '{{$VSSLBOX_STHV2:data/sthv2}}'

train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='sthv2_train_list_videos.txt',
        data_prefix=dict(video='videos'),
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=dict(type='SampleRandomSegmentFrames', num_segments=8),
            decode=dict(type='DecodeViews'),
            # No flip: the classes tell left from right. (The appendix of VCLR claims flips on all
            # data.)
            augment=dict(
                type='AugmentViews',
                transforms=dict(
                    resize=dict(type='Resize', short_side=256),
                    crop=dict(
                        type='MultiScaleCrop',
                        size=224,
                        scales=(1, 0.875, 0.75, 0.66),
                        max_scale_gap=1,
                        num_positions=5,
                    ),
                ),
            ),
            pack=dict(type='PackFrames'),
        ),
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='sthv2_val_list_videos.txt',
        data_prefix=dict(video='videos'),
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=dict(type='SampleCentreSegmentFrames', num_segments=8),
            decode=dict(type='DecodeViews'),
            augment=dict(
                type='AugmentViews',
                transforms=dict(
                    resize=dict(type='Resize', short_side=256),
                    crop=dict(type='CenterCrop', size=224),
                ),
            ),
            crops=None,
            pack=dict(type='PackFrames'),
        ),
        test_mode=True,
    ),
)
test_dataloader = dict(val_dataloader, batch_size=1)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator
