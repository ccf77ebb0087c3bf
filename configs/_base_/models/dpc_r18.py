# DPC: a 2d3d ResNet-18, 8 blocks of 5 frames, of which the last 3 are predicted. BatchNorm keeps no
# statistics: it uses those of the batch in inference, too.
num_blocks = 8

model = dict(
    type='DPC',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(
        type='ResNet2d3d', depth=18, norm_cfg=dict(type='BN3d', track_running_stats=False)
    ),
    prediction=dict(type='DensePredictionHead', channels=256, num_predicted=3, dropout_ratio=0.1),
    num_blocks=num_blocks,
)
