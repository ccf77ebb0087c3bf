# VDIM: AMDIM's encoder with time, and a projection for each of the layers 5, 6 and 8. The encoder
# with the projection of layer 8 has the paper's 17.3 million weights.
#
# For a smaller one, set `backbone.base_channels` and `extra_blocks`; the neck's `in_channels` is 8
# times the former. Clips have at least 31 frames of 127x127 pixels at every width.
#
# BatchNorm ends the encoder and each projection and occurs nowhere else. Each process has its own
# statistics, as AMDIM's replicas do; the paper does not say. `sync_bn='torch'` shares them.
model = dict(
    type='VDIM',
    data_preprocessor=dict(
        type='ViewsPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type='VDIMEncoder', base_channels=64, extra_blocks=3),
    neck=dict(type='ResidualMLPNeck', in_channels=512, out_channels=512),
    # The layers are the paper's; the other four are AMDIM's, the paper does not mention them.
    loss=dict(
        type='MultiScaleInfoNCELoss',
        layers=[5, 6, 8],
        other_layers=[8],
        scale=True,
        clip=20.0,
        penalty=5e-2,
        mask_same_video=True,
    ),
)
