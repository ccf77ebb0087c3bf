# Unlabelled videos for CVRL: two clips of 16 frames, 2 frames apart, whose distance in time follows
# a linearly falling law. A config sets `data_root` and, where there is a list, `ann_file`.

# The frames of a clip share all draws (consistent=True is the default of every transform).
geometry = dict(
    crop=dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0)),
    flip=dict(type='RandomFlip', prob=0.5),
)
# TensorFlow's arithmetic, as in the authors' code; `ColorJitter` has torchvision's.
jitter = dict(
    type='TensorFlowColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, prob=0.8
)
grey = dict(type='RandomGrayscale', prob=0.2)
blur = dict(type='GaussianBlur', sigma=(0.1, 2.0), kernel_size=23, border='zero')

# The two views are treated as in the authors' code. The paper's Algorithm 1 blurs both, always, and
# has no solarisation: that is the first view's augmentation for either view. `Defer` leaves the
# colours to the model's device; where that is a CPU, list them without it: OpenCV is much faster
# there.
first_colors = dict(jitter=jitter, grey=grey, blur=dict(blur, prob=1.0))
second_colors = dict(
    jitter=jitter,
    grey=grey,
    blur=dict(blur, prob=0.1),
    solarize=dict(type='Solarize', threshold=127.5, prob=0.2),
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
            sample=dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2),
            decode=dict(type='DecodeViews'),
            augment_first=dict(
                type='AugmentViews',
                views=['first'],
                transforms=dict(geometry, defer=dict(type='Defer', transforms=first_colors)),
            ),
            augment_second=dict(
                type='AugmentViews',
                views=['second'],
                transforms=dict(geometry, defer=dict(type='Defer', transforms=second_colors)),
            ),
            pack=dict(type='PackViews'),
        ),
    ),
)
