# The small CVRL with every frame augmented for itself (the paper's Table 9).
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

transforms = [
    dict(type='DistortedBoxCrop', size=64, area=(0.3, 1.0), ratio=(0.5, 2.0), consistent=False),
    dict(type='RandomFlip', prob=0.5, consistent=False),
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
    dict(type='GaussianBlur', sigma=(0.1, 0.6), prob=0.5, consistent=False),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=transforms),
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
