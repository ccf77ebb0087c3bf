# Unlabelled videos for methods on several clips of a video: two clips of 8 frames, each of which
# lasts 64 frames of a video of 30 frames a second and starts anywhere. A config sets the lists.

# The frames of a clip share all draws. The authors change the colours before they crop, on frames
# with a short side of 256 (SimCLR, SwAV: 224). Here the crop comes first, and the model's device
# sees 224 pixels only: contrast is scaled around the mean grey of the crop, and sigma is in pixels
# of the crop. Where the device is a CPU, list the colours without `Defer`.
geometry = dict(
    crop=dict(type='RandomResizedCrop', size=224, area=(0.2, 0.766), ratio=(3 / 4, 4 / 3)),
    flip=dict(type='RandomFlip', prob=0.5),
)
colors = dict(
    jitter=dict(
        type='ColorJitter',
        brightness=0.6,
        contrast=0.6,
        saturation=0.6,
        hue=0.15,
        prob=0.8,
        contrast_pivot='clip',
    ),
    grey=dict(type='RandomGrayscale', prob=0.2),
    blur=dict(type='GaussianBlur', sigma=(0.1, 2.0), prob=0.5),
)
train_dataloader = dict(
    batch_size=8,
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
            sample=dict(type='SampleRandomSpans', num_clips=2, clip_len=8, frame_interval=8),
            decode=dict(type='DecodeViews'),
            augment=dict(
                type='AugmentViews',
                transforms=dict(geometry, defer=dict(type='Defer', transforms=colors)),
            ),
            pack=dict(type='PackViews'),
        ),
    ),
)
