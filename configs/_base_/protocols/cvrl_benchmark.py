# CVRL's benchmarks: a pretrained R3D-50 and a linear classifier, all of it trained, on clips of 32
# frames, 2 frames apart. A config names the lists, and sets `num_classes`, `batch_size` and `lr`.
#
# `VSSLBOX_CVRL` names the checkpoint of a pretraining by CVRL, or of the authors' weights after
# tools/convert/import_weights.py.
start_weights = '{{$VSSLBOX_CVRL:weights/cvrl_r3d50.pth}}'

model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='R3DResNet',
        depth=50,
        base_channels=64,
        padding='same',  # as in the pretraining
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    # Neither paper nor code mentions dropout or features of length 1 in fine-tuning.
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=2048,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        average_clips='prob',
    ),
)

# Neither jitter nor blur; the frames of a clip share all draws. The area's lower bound of 0.3 is in
# the authors' config for linear evaluation (their code's default is 0.49).
crop_and_flip = dict(
    crop=dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomClip', clip_len=32, frame_interval=2),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_and_flip),
    crops=None,
    pack=dict(type='PackClips'),
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
# Validation during training takes 3 clips and the middle of each: a tenth of the cost of the test.
resize = dict(type='Resize', short_side=256)
middle = dict(resize=resize, crop=dict(type='CenterCrop', size=256))
val_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=3, clip_len=32, frame_interval=2),
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

# SGD for 100 epochs: half a cosine from step 0 to 0, its first 5 epochs replaced by a straight
# line. On Kinetics-600, with 1024 videos a step, these are the 35 744 and 1 787 steps of the
# authors' config, up to a fraction of an epoch.
max_epochs = 100

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', momentum=0.9, weight_decay=0))
param_scheduler = dict(
    type='WarmupCosineLR', warmup=5, T_max=max_epochs, convert_to_iter_based=True
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=1024)
