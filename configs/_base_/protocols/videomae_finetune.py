# VideoMAE's fine-tuning: a ViT without its final norm, the mean of its tokens, a norm and a linear
# layer, all trained, on clips of 16 frames, 4 frames apart. A config names the lists, sets `arch`,
# `num_classes`, `lr`, `max_epochs` and the batch, and
#
#     augments = [dict(_base_.mixup, num_classes=K), dict(_base_.cutmix, num_classes=K)]
#     model = dict(data_preprocessor=dict(blending=dict(augments=augments)))
#     param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
#
# `VSSLBOX_VIDEOMAE` names the checkpoint of a pretraining.
#
# Left out: a batch of two augmentations of each video, random erasing, and the noise of the
# strength of RandAugment.
start_weights = '{{$VSSLBOX_VIDEOMAE:weights/videomae.pth}}'

mixup = dict(type='mmaction.MixupBlending', alpha=0.8)
cutmix = dict(type='mmaction.CutmixBlending', alpha=1.0)
model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
        blending=dict(type='mmaction.RandomBatchAugment'),  # one of the two for each batch
    ),
    backbone=dict(
        type='VideoViT',
        arch='base',
        img_size=224,
        num_frames=16,
        position='sincos',
        qkv_bias='no_key',
        drop_path_rate=0.1,
        final_norm=False,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='LayerNormI3DHead',
        in_channels=768,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        label_smooth_eps=0.1,
        dropout_ratio=0,
        average_clips='prob',
    ),
)

transforms = dict(
    # timm's rand-m7-n4: four operations, each of them half of the time.
    rand_augment=dict(type='RandAugment', num_ops=2, magnitude=7),
    crop=dict(type='RandomResizedCrop', size=224, area=(0.08, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    # The authors spread the 16 frames over 64 by `linspace`: they are 4.27 apart, rounded.
    sample=dict(type='SampleRandomClip', clip_len=16, frame_interval=4, span=63),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=transforms),
    crops=None,
    pack=dict(type='PackClips'),
)
train_dataloader = dict(
    num_workers=10,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
# Validation takes the middle of one clip, the test 5 clips x 3 crops.
resize = dict(type='Resize', short_side=224)
middle = dict(resize=resize, crop=dict(type='CenterCrop', size=224))
val_pipeline = dict(
    train_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=1, clip_len=16, frame_interval=4),
    augment=dict(type='AugmentViews', transforms=middle),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=10,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
test_pipeline = dict(
    val_pipeline,
    sample=dict(type='SampleUniformClips', num_clips=5, clip_len=16, frame_interval=4),
    augment=dict(type='AugmentViews', transforms=dict(resize=resize, crop=None)),
    crops=dict(type='ThreeCrops', size=224),
)
test_dataloader = dict(
    val_dataloader,
    batch_size=1,
    dataset=dict(type='VideoDataset', pipeline=test_pipeline, test_mode=True),
)
val_evaluator = dict(type='mmaction.AccMetric')
test_evaluator = val_evaluator

# AdamW: the rate rises over 5 epochs from 0, then follows half a cosine. Rates are given for 256
# videos a step; each block has three quarters of the rate of the next one.
train_cfg = dict(type='ResumableTrainLoop', val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(layer_decay=0.75),
    optimizer=dict(type='AdamW', betas=(0.9, 0.999), weight_decay=0.05),
)
rise = dict(type='LinearLR', start_factor=1e-6, begin=0, end=5, convert_to_iter_based=True)
# The authors' least rate is 1e-6 for a rate of 5e-4.
fall = dict(type='CosineAnnealingLR', begin=5, eta_min_ratio=0.002, convert_to_iter_based=True)
auto_scale_lr = dict(enable=False)
