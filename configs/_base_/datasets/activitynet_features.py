# Features of ActivityNet-1.3, one file per video, for BMN. A config sets `data_root`.
features = dict(
    type='LocalizationDataset',
    data_prefix=dict(video='features'),
    pipeline=dict(
        open=dict(type='LoadLocalizationFeature'),
        label=dict(type='mmaction.GenerateLocalizationLabels'),
        pack=dict(
            type='mmaction.PackLocalizationInputs',
            keys=('gt_bbox',),
            meta_keys=('video_name', 'duration_second', 'duration_frame', 'annotations'),
        ),
    ),
)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(features, ann_file='anet_anno_train.json'),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(features, ann_file='anet_anno_val.json', test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='LocalizationMetric')
test_evaluator = val_evaluator
