# SimCLR on two clips of a video at the size of a demonstration.
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

model = dict(
    _delete_=True,
    type='RhoSimCLR',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=_base_.mlp,
    loss=dict(type='NTXentLoss', temperature=0.1, reduction='mean'),
)
