# What VIE fine-tunes SlowFast and two-stream networks on: 16 frames, 4 apart, of 224x224 pixels,
# in the two augmentations of its tables, and what is seen of a frame in the tests after each.
# A child tests clips from a video's first frame to its last possible one, as the authors do, who
# repeat a video that is shorter than all clips together.
multi_scale = [
    dict(
        type='MultiScaleCrop',
        size=224,
        scales=(1, 0.8409, 0.7071, 0.5946, 0.5),
        max_scale_gap=0,
        num_positions=5,
    ),
    dict(type='RandomFlip', prob=0.5),
]
multi_scale_middle = [dict(type='Resize', short_side=224), dict(type='CenterCrop', size=224)]
# The colours of the pretraining, by OpenCV.
color = [
    dict(type='RandomShortSide', low=256, high=319),
    dict(type='RandomCrop', size=224),
    dict(type='RandomFlip', prob=0.5),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0),
    dict(type='RandomGrayscale', prob=0.3),
]
color_middle = [dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)]

multi_scale_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=multi_scale),
    dict(type='PackClips'),
]
color_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=color),
    dict(type='PackClips'),
]
