# Fine-tuning after a pretext task by the protocol of VCOP: clips of 16 frames of 112x112 pixels,
# all weights trained, SGD at a constant rate for 150 epochs of 8 videos a step; the test averages
# the probabilities of 10 clips. A config names the network and the lists, and sets `num_classes`.
#
# The authors hold 800 training videos out (400 of HMDB51) to choose the epoch; here the last one
# counts, trained on all videos.
model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        format_shape='NCTHW',
    ),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=512,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        average_clips='prob',
    ),
)

resize = dict(type='Resize', size=(128, 171))
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomClip', clip_len=16, frame_interval=1),
    decode=dict(type='DecodeViews'),
    augment=dict(
        type='AugmentViews',
        transforms=dict(resize=resize, crop=dict(type='RandomCrop', size=112)),
    ),
    pack=dict(type='PackClips'),
)
train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
test_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=10, clip_len=16, frame_interval=1),
    augment=dict(
        type='AugmentViews',
        transforms=dict(resize=resize, crop=dict(type='CenterCrop', size=112)),
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(val_dataloader, batch_size=1)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator

train_cfg = dict(type='ResumableTrainLoop', max_epochs=150, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4)
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=8)
