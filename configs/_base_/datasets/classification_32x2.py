# Labelled videos for mmaction2's recognizers, as clips of 32 frames, 2 frames apart. A config sets
# `batch_size` and the lists of a data set.

# Neither jitter nor blur; the frames of a clip share all draws. The area's lower bound of 0.3 is in
# the authors' config for linear evaluation (their code's default is 0.49).
crop_and_flip = dict(
    crop=dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=dict(type='SampleRandomClip', clip_len=32, frame_interval=2),
            decode=dict(type='DecodeViews'),
            augment=dict(type='AugmentViews', transforms=crop_and_flip),
            pack=dict(type='PackClips'),
        ),
    ),
)
# Validation during training takes 3 clips and the middle of each: a tenth of the cost of the test.
resize = dict(type='Resize', short_side=256)
middle = dict(resize=resize, crop=dict(type='CenterCrop', size=256))
val_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleUniformClips', num_clips=3, clip_len=32, frame_interval=2),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=middle),
    crops=None,
    pack=dict(type='PackClips'),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
# The test averages the probabilities of 10 clips x 3 crops. All 30 go through the network at once;
# where memory is short, add `--cfg-options model.test_cfg.max_testing_views=10`.
test_pipeline = dict(
    val_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=10, clip_len=32, frame_interval=2),
    augment=dict(type='AugmentViews', transforms=dict(resize=resize, crop=None)),
    crops=dict(type='ThreeCrops', size=256),
)
test_dataloader = dict(
    val_dataloader,
    batch_size=1,
    dataset=dict(type='VideoDataset', pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator
