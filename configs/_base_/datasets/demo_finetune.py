# Labelled videos of the demonstration, as clips of 8 frames, 3 frames apart. `labels` is the list
# for training: all of it or the subset that tools/data/make_subset.py takes of it.
data_root = '{{$VSSLBOX_DEMO:data/demo}}'
labels = '{{$VSSLBOX_DEMO_LABELS:videos.csv}}'

# No flip: it would turn a motion to the left into one to the right.
crop = dict(type='RandomResizedCrop', size=64, area=(0.5, 1.0))
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomClip', clip_len=8, frame_interval=3),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=dict(crop=crop)),
    pack=dict(type='PackClips'),
)
train_dataloader = dict(
    batch_size=9,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        label='motion',
        ann_file=labels,
        where=dict(split='train'),
        pipeline=train_pipeline,
    ),
)
resize = dict(type='Resize', size=(64, 64))
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        label='motion',
        ann_file='videos.csv',
        where=dict(split='test'),
        pipeline=dict(
            train_pipeline,
            sample=dict(type='SampleUniformClips', num_clips=3, clip_len=8, frame_interval=3),
            augment=dict(type='AugmentViews', transforms=dict(resize=resize)),
        ),
        test_mode=True,
    ),
)
test_evaluator = dict(type='mmaction.AccMetric')
