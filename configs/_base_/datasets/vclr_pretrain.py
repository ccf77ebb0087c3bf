# Unlabelled videos for VCLR with a 2D backbone: three frames from three segments, twice.
# A config sets `data_root` and, where there is a list, `ann_file`.

# Each frame is augmented independently (consistent=False), following the authors' code. The flip
# comes before the colours here and after them there, which gives the same. `Defer` leaves the
# colours to the model's device; where that is a CPU, list them without it: OpenCV is much faster
# there.
colors = dict(
    jitter=dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        consistent=False,
    ),
    grey=dict(type='RandomGrayscale', prob=0.2, consistent=False),
    blur=dict(type='GaussianBlur', sigma=(0.1, 2.0), prob=0.5, consistent=False),
)
transforms = dict(
    crop=dict(type='RandomResizedCrop', size=224, area=(0.2, 1.0), consistent=False),
    flip=dict(type='RandomFlip', prob=0.5, consistent=False),
    defer=dict(type='Defer', transforms=colors),
)

train_dataloader = dict(
    batch_size=32,
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
            sample=dict(type='SampleSegmentTuples', num_segments=3),
            # The authors' code never draws the backward order; the paper does not exclude it.
            order=dict(type='ShuffleOrder', allow_backward=False),
            decode=dict(type='DecodeViews'),
            augment=dict(type='AugmentViews', transforms=transforms),
            pack=dict(type='PackViews'),
        ),
    ),
)
