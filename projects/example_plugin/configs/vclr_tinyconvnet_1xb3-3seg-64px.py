# VCLR's inter-video and video-level objectives with this package's loss and backbone, on any folder
# of videos. The file stands alone: a package outside vsslbox has no `_base_` to inherit from.
custom_imports = dict(imports=['vsslbox_example_plugin'], allow_failed_imports=False)
default_scope = 'vsslbox'
runner_type = 'vsslbox.SSLRunner'
randomness = dict(seed=0)

data_root = 'data/videos'
max_epochs = 10

contrast = dict(
    type='QueueContrastHead',
    queue=dict(type='FeatureQueue', size=64, channels=32),
    loss=dict(type='DebiasedInfoNCELoss', temperature=0.5, class_prior=0.1),
)
model = dict(
    type='VCLR',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='TinyConvNet', channels=(16, 32, 64)),
    neck=dict(type='MLPNeck', in_channels=64, hidden_channels=64, out_channels=32),
    inter=contrast,
    video=contrast,
    num_segments=3,
    momentum=0.99,
)

augmentation = dict(
    crop=dict(type='RandomResizedCrop', size=64, area=(0.2, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleSegmentTuples', num_segments=3),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=augmentation),
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    batch_size=3,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', data_root=data_root, pipeline=train_pipeline),
)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)
)
default_hooks = dict(logger=dict(type='LoggerHook', interval=1))
