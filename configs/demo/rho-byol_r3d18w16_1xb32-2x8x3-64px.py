# BYOL on two clips of a video at the size of a demonstration.
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

model = dict(
    _delete_=True,
    type='BYOL',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=_base_.mlp,
    predictor=dict(_base_.mlp, in_channels=64, out_norm_cfg=None),
    loss=dict(type='CosineRegressionLoss'),
    momentum=dict(type='CosineMomentum', base=0.9),  # for a few hundred steps
)
