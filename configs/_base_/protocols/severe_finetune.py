# Fine-tuning by SEVERE: an R(2+1)D-18, all weights trained by Adam at a rate of 1e-4 without decay
# on clips of 32 frames that last 2 s, 112 pixels, with strong crops and colours; tested on 10
# clips. The authors' epoch has 10 clips of each video (2 on Something-Something): epochs here are
# as many times more. A config sets the lists, `num_classes`, the epochs and those of the drops.
#
# `VSSLBOX_SEVERE` names the checkpoint that is evaluated; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`. The mean and the deviation are those of a
# pretraining on pixels in [0, 1]: set those of yours.
start_weights = '{{$VSSLBOX_SEVERE:weights/severe.pth}}'

model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='VideoResNet2Plus1d',
        blocks=(2, 2, 2, 2),
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=512,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        average_clips='prob',
    ),
)

clip = dict(clip_len=32, frame_interval=1, fps=16)
crop_and_colour = dict(
    crop=dict(type='RandomResizedCrop', size=112, area=(0.08, 1.0)),
    jitter=dict(
        type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2, prob=1.0
    ),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomSpans', num_clips=1, **clip),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_and_colour),
    crops=None,
    pack=dict(type='PackClips'),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
middle = dict(resize=dict(type='Resize', short_side=128), crop=dict(type='CenterCrop', size=112))
test_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformSpans', num_clips=10, **clip),
    augment=dict(type='AugmentViews', transforms=middle),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator

train_cfg = dict(type='ResumableTrainLoop', val_interval=20)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = dict(type='MultiStepLR', gamma=0.3)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=32)
