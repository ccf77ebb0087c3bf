# Features of ActivityNet-1.3, one file a video, for BMN. A child sets `data_root`.
pipeline = [
    dict(type='LoadLocalizationFeature'),
    dict(type='mmaction.GenerateLocalizationLabels'),
    dict(
        type='mmaction.PackLocalizationInputs',
        keys=('gt_bbox',),
        meta_keys=('video_name', 'duration_second', 'duration_frame', 'annotations'),
    ),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='LocalizationDataset',
        ann_file='anet_anno_train.json',
        data_prefix=dict(video='features'),
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='LocalizationDataset',
        ann_file='anet_anno_val.json',
        data_prefix=dict(video='features'),
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='LocalizationMetric')
test_evaluator = val_evaluator
