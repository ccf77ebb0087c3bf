# SlowOnly-50 and the heads of four methods on several clips of a video. A config takes one of
# `methods` as its `model`. Except with MoCo, BatchNorm sees the batches of all GPUs:
# `sync_bn='torch'` (8 GPUs in the authors' code).
backbone = dict(
    type='mmaction.ResNet3dSlowOnly',
    depth=50,
    pretrained=None,
    lateral=False,
    zero_init_residual=False,
)
# Means of 0.45 and deviations of 0.225 of values in [0, 1].
values = dict(type='ViewsPreprocessor', mean=[114.75] * 3, std=[57.375] * 3)
parts = dict(data_preprocessor=values, backbone=backbone)

mlp = dict(
    type='MLPNeck',
    in_channels=2048,
    hidden_channels=2048,
    out_channels=128,
    num_layers=3,
    init_cfg=dict(type='Caffe2Xavier', layer='Linear'),
)
# Where BatchNorm follows a linear layer, the authors leave its bias out, which has no effect.
byol_mlp = dict(
    mlp, hidden_channels=4096, out_channels=256, num_layers=2, norm_cfg=dict(type='BN1d')
)
methods = dict(
    moco=dict(
        parts,
        type='RhoMoCo',
        neck=mlp,
        head=dict(
            type='QueueContrastHead',
            queue=dict(type='FeatureQueue', size=65536, channels=128),
            loss=dict(type='InfoNCELoss', temperature=0.1),
        ),
        momentum=dict(type='CosineMomentum', base=0.994),
    ),
    # The authors' temperature of 0.5 makes -2 cos of the cosine: this loss but for a constant.
    byol=dict(
        parts,
        type='BYOL',
        neck=byol_mlp,
        predictor=dict(byol_mlp, in_channels=256),
        loss=dict(type='CosineRegressionLoss'),
        momentum=dict(type='CosineMomentum', base=0.996),
    ),
    # There is no BatchNorm in the authors' projection: their BN_SYNC_MLP does nothing by itself.
    simclr=dict(
        parts,
        type='RhoSimCLR',
        neck=mlp,
        loss=dict(type='NTXentLoss', temperature=0.1, reduction='mean'),
    ),
    swav=dict(
        parts,
        type='SwAV',
        neck=dict(mlp, norm_cfg=dict(type='BN1d')),
        loss=dict(type='SwappedPredictionLoss', temperature=0.1, epsilon=0.05, num_iterations=3),
        channels=128,
        num_prototypes=1000,
        frozen_steps=3749,  # an epoch of the authors' 239 975 videos, 64 a step
    ),
)
