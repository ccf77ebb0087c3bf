# What VIE fine-tunes a 3D ResNet on: 16 consecutive frames of 112x112 pixels, in the two
# augmentations of its tables, and what is seen of a frame in the tests after each.
# A child tests clips from a video's first frame to its last possible one, as the authors do, who
# repeat a video that is shorter than all clips together.
multi_scale = [
    dict(
        type='MultiScaleCrop',
        size=112,
        scales=(1, 0.8409, 0.7071, 0.5946, 0.5),
        max_scale_gap=0,
        num_positions=5,
    ),
    dict(type='RandomFlip', prob=0.5),
]
multi_scale_middle = [dict(type='Resize', short_side=112), dict(type='CenterCrop', size=112)]
# The colours of the pretraining, by OpenCV.
color = [
    dict(type='RandomShortSide', low=128, high=159),
    dict(type='RandomCrop', size=112),
    dict(type='RandomFlip', prob=0.5),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0),
    dict(type='RandomGrayscale', prob=0.3),
]
color_middle = [dict(type='Resize', short_side=128), dict(type='CenterCrop', size=112)]

multi_scale_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=16, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=multi_scale),
    dict(type='PackClips'),
]
color_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=16, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=color),
    dict(type='PackClips'),
]
