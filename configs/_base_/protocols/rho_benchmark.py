# Evaluation of a SlowOnly-50 that was pretrained on several clips of a video: clips of 8 frames
# that last 64 frames at 30 frames a second, 8 GPUs x 8 videos, tests of 10 clips x 3 crops. A
# config sets the lists, `num_classes`, the rate, the decay, the dropout and the length.
#
# `VSSLBOX_RHO` names the checkpoint of a pretraining, or the authors' weights.
start_weights = '{{$VSSLBOX_RHO:weights/rho_slowonly_r50.pth}}'

model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[114.75] * 3,
        std=[57.375] * 3,
        format_shape='NCTHW',
    ),
    # With this stem it is mmaction2's SlowOnly, which would not read an `init_cfg`.
    backbone=dict(
        type='R3DResNet',
        depth=50,
        conv1_kernel=(1, 7, 7),
        conv1_stride_t=1,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=2048,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        average_clips='prob',
    ),
)

clip = dict(clip_len=8, frame_interval=8)
crop_and_flip = dict(
    resize=dict(type='RandomShortSide', low=256, high=320),
    crop=dict(type='RandomCrop', size=224),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomSpans', num_clips=1, **clip),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_and_flip),
    crops=None,
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
# Validation during training takes 3 clips and the middle of each: a tenth of the cost of the test.
resize = dict(type='Resize', short_side=256)
middle = dict(resize=resize, crop=dict(type='CenterCrop', size=256))
val_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformSpans', num_clips=3, **clip),
    augment=dict(type='AugmentViews', transforms=middle),
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
    sample=dict(type='SampleUniformSpans', num_clips=10, **clip),
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

# Half a cosine from step 0 to 0. BatchNorm has no decay.
max_epochs = 200

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs, val_interval=20)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', momentum=0.9, nesterov=True),
    paramwise_cfg=dict(norm_decay_mult=0),
)
param_scheduler = dict(
    type='WarmupCosineLR', warmup=0, T_max=max_epochs, convert_to_iter_based=True
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=64)
