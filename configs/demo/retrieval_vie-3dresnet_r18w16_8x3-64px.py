# What the backbone of the VIE demonstration is worth: retrieval, kNN and a linear probe, on the
# mean feature of three clips a video. Labels are read here and nowhere before.
_base_ = './retrieval_r3d18w16_8x3-64px.py'

model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _delete_=True, type='PreActResNet3d', base_channels=16, norm_cfg=dict(type='BN3d')
    ),
)
