# Unlabelled videos for VIE with a 3D ResNet: 16 consecutive frames of 112x112 pixels. A child sets
# `data_root` and, where there is a list, `ann_file`; other families set another clip and size.
clip_len = 16
frame_interval = 1

# As the authors' code: the short side between 8/7 and 10/7 of the crop, colours always changed.
# `Defer` leaves the colours to the model's device; where that is a CPU, list them without it.
augmentation = [
    dict(type='RandomShortSide', low=128, high=159),
    dict(type='RandomCrop', size=112),
    dict(type='RandomFlip', prob=0.5),
]
colors = [
    dict(
        type='Defer',
        transforms=[
            dict(
                type='ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
                hue=0.4,
                prob=1.0,
            ),
            dict(type='RandomGrayscale', prob=0.3),
        ],
    ),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=clip_len, frame_interval=frame_interval),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=augmentation),
    dict(type='AugmentViews', transforms=colors),
    dict(type='PackViews'),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
