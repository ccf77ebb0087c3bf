# Unlabelled videos for VCLR with a 2D backbone: three frames from three segments, twice.
# A child sets `data_root` and, where there is a list, `ann_file`.
num_segments = 3

photometric = [
    dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        consistent=False,
    ),
    dict(type='RandomGrayscale', prob=0.2, consistent=False),
    dict(type='GaussianBlur', sigma=(0.1, 2.0), prob=0.5, consistent=False),
]
# Every frame is augmented for itself (consistent=False), as the authors do. The flip stands before
# the colours here and after them there, which gives the same. `Defer` leaves the colours to the
# model's device; where that is a CPU, list them without it: OpenCV is much faster there.
augmentation = [
    dict(type='RandomResizedCrop', size=224, area=(0.2, 1.0), consistent=False),
    dict(type='RandomFlip', prob=0.5, consistent=False),
    dict(type='Defer', transforms=photometric),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleSegmentTuples', num_segments=num_segments),
    # The authors' code never draws the backward order; the paper doesn't exclude it.
    dict(type='ShuffleOrder', num_segments=num_segments, allow_backward=False),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=augmentation),
    dict(type='PackViews'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
