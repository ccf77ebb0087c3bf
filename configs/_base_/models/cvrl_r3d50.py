# R3D-50 and a projection with three hidden layers. The authors keep values in [0, 1], without mean
# and deviation, and pad by TensorFlow's rule. With `sync_bn`, BatchNorm sees the batch of all GPUs,
# as in the authors' code.
sync_bn = 'torch'

model = dict(
    type='CVRL',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(type='R3DResNet', depth=50, base_channels=64, padding='same'),
    # Keras's momentum 0.997 is torch's 0.003; its linear layers start from Glorot's uniform law.
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        num_layers=4,
        norm_cfg=dict(type='BN1d', momentum=0.003),
        init_cfg=dict(type='Xavier', layer='Linear', distribution='uniform'),
    ),
    # reduction='sum' adds both directions, as the authors' code does; 'mean' is the paper's eq. 1.
    loss=dict(type='NTXentLoss', temperature=0.1, reduction='sum'),
)
