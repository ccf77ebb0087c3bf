# Table 9: every frame is augmented for itself.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

geometry = [
    dict(type='DistortedBoxCrop', size=224, area=(0.3, 1.0), ratio=(0.5, 2.0), consistent=False),
    dict(type='RandomFlip', prob=0.5, consistent=False),
]
colors = [
    dict(
        type='ColorJitter',
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2,
        prob=0.8,
        consistent=False,
    ),
    dict(type='RandomGrayscale', prob=0.2, consistent=False),
]
blur = dict(type='GaussianBlur', sigma=(0.1, 2.0), kernel_size=23, border='zero', consistent=False)
first_colors = [*colors, dict(blur, prob=1.0)]
second_colors = [
    *colors,
    dict(blur, prob=0.1),
    dict(type='Solarize', threshold=127.5, prob=0.2, consistent=False),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=16, frame_interval=2),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        views=['first'],
        transforms=[*geometry, dict(type='Defer', transforms=first_colors)],
    ),
    dict(
        type='AugmentViews',
        views=['second'],
        transforms=[*geometry, dict(type='Defer', transforms=second_colors)],
    ),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
