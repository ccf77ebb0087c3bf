# SwAV on two clips of a video at the size of a demonstration: as many prototypes as a batch has
# videos, which have no gradient in the first epoch of 480 videos.
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

model = dict(
    _delete_=True,
    type='SwAV',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=_base_.mlp,
    loss=dict(type='SwappedPredictionLoss'),
    channels=64,
    num_prototypes=32,
    frozen_steps=15,
)
