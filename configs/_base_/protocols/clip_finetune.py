# A pretrained 3D backbone and a linear classifier, all of it trained on single clips and tested on
# 10 clips a video. A config sets the backbone, `in_channels` and `num_classes` of the head, the
# lists, the sizes of the clips, the batch, the optimizer and the schedule.
imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor', format_shape='NCTHW', **imagenet
    ),
    cls_head=dict(
        type='mmaction.I3DHead',
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        average_clips='prob',
    ),
)
crop_and_flip = dict(
    crop=dict(type='RandomResizedCrop', size=112, area=(0.2, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomClip', clip_len=16, frame_interval=2),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_and_flip),
    crops=None,
    pack=dict(type='PackClips'),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
middle = dict(resize=dict(type='Resize', short_side=128), crop=dict(type='CenterCrop', size=112))
val_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=10, clip_len=16, frame_interval=2),
    augment=dict(type='AugmentViews', transforms=middle),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
train_cfg = dict(type='ResumableTrainLoop', val_interval=10)
