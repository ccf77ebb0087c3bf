# What the features of the VDIM demonstration are worth, those of its encoder and the projection of
# the last layer: retrieval, kNN and a linear probe, on the mean of two clips a video. Labels are
# read here and nowhere before.
_base_ = './retrieval_r3d18w16_8x3-64px.py'

layers = [
    (1, 5, 2, 5, 2),
    (1, 3, 1, 3, 1),
    (2, 4, 2, 1, 1),
    (8, 2, 2, 2, 2),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
]

model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _delete_=True,
        type='ProjectedBackbone',
        backbone=dict(type='VDIMEncoder', base_channels=8, extra_blocks=1, layers=layers),
        neck=dict(type='ResidualMLPNeck', in_channels=64, out_channels=64),
        layer=7,
    ),
)
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=2, clip_len=32, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
    dict(type='PackViews'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
gallery_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_cfg = dict(gallery_dataloader=gallery_dataloader)
