# Unlabelled videos for the InfoNCE stage of CoCLR: two clips of 32 frames of 128x128 pixels. Half
# of the samples show one clip twice, one of the two with strong augmentation; the others show two
# clips, each with strong augmentation in 30 of 100 cases. A config sets `batch_size`, `data_root`
# and, where there is a list, `ann_file`.

# Each frame is augmented independently (consistent=False), following the authors' code.
weak = dict(
    crop=dict(type='RandomResizedCrop', size=128, area=(0.2, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
strong = dict(
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
            sample=dict(type='SampleClipPair', clip_len=32, frame_interval=1, same_prob=0.5),
            decode=dict(type='DecodeViews'),
            augment=dict(type='AugmentViews', transforms=weak),
            strong=dict(type='AugmentClipPair', transforms=strong, prob=0.3),
            pack=dict(type='PackViews'),
        ),
    ),
)
