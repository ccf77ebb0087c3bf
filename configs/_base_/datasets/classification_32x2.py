# Labelled videos for mmaction2's recognizers, as clips of 32 frames, 2 frames apart. A child sets
# `data_root` and the lists.
clip = dict(clip_len=32, frame_interval=2)

# Neither jitter nor blur; all draws are shared by the frames of a clip. The area's lower bound of
# 0.3 is in the authors' config for linear evaluation (their code's default is 0.49).
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', **clip),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0)),
            dict(type='RandomFlip', prob=0.5),
        ],
    ),
    dict(type='PackClips'),
]
# While training goes on, 3 clips and the middle of each: a tenth of the cost of the test.
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=3, **clip),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=256)],
    ),
    dict(type='PackClips'),
]
# 10 clips x 3 crops, whose probabilities are averaged.
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=10, **clip),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', short_side=256)]),
    dict(type='ThreeCrops', size=256),
    dict(type='PackClips'),
]
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
# All 30 clips of a video go through the network at once; where memory is short, add
# `--cfg-options model.test_cfg.max_testing_views=10`.
test_dataloader = dict(
    val_dataloader,
    batch_size=1,
    dataset=dict(type='VideoDataset', pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator
