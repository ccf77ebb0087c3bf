# Unlabelled videos for DPC: 40 frames of 128x128 pixels, 3 frames apart. A config sets
# `batch_size`, `data_root` and, where there is a list, `ann_file`.
#
# The authors drop videos of up to 120 frames; here a short video starts over at its end. Grey comes
# for each frame independently, following their code.
colors = dict(
    grey=dict(type='RandomGrayscale', prob=0.5, consistent=False),
    jitter=dict(
        type='ColorJitter', brightness=0.5, contrast=0.5, saturation=0.5, hue=0.25, prob=1.0
    ),
)
transforms = dict(
    # UCF101's frames of 320x240 are first cut to 224, following the authors' code.
    crop=dict(type='RandomCrop', size=224),
    resize=dict(type='Resize', size=(128, 128)),
    flip=dict(type='RandomFlip', prob=0.5),
    defer=dict(type='Defer', transforms=colors),
)
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='VideoDataset',
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=dict(type='SampleRandomClip', clip_len=40, frame_interval=3),
            order=None,
            decode=dict(type='DecodeViews'),
            augment=dict(type='AugmentViews', transforms=transforms),
            pack=dict(type='PackViews'),
        ),
    ),
)
