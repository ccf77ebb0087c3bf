# Labelled videos for mmaction2's 2D recognizers, as one frame of each of 8 segments. A config sets
# `batch_size` and the lists of a data set.
crop_and_flip = dict(
    resize=dict(type='Resize', short_side=256),
    crop=dict(type='RandomResizedCrop', size=224, area=(0.08, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomSegmentFrames', num_segments=8),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_and_flip),
    crops=None,
    pack=dict(type='PackFrames'),
)
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
# Tests crop 256 pixels although training crops 224, following VCLR's code.
middle = dict(resize=dict(type='Resize', short_side=256), crop=dict(type='CenterCrop', size=256))
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        pipeline=dict(
            train_pipeline,
            sample=dict(type='SampleCentreSegmentFrames', num_segments=8),
            augment=dict(type='AugmentViews', transforms=middle),
        ),
        test_mode=True,
    ),
)
test_dataloader = dict(val_dataloader, batch_size=1)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator
