# BYOL on two clips of a video at the size of a demonstration. Without negatives it needs more steps
# than the others.
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

model = dict(
    _delete_=True,
    type='BYOL',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=_base_.mlp,
    predictor=dict(_base_.mlp, in_channels=64, out_norm_cfg=None),
    loss=dict(type='CosineRegressionLoss'),
    momentum=dict(type='CosineMomentum', base=0.9),  # for a short training
)

max_epochs = 200
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=50))
