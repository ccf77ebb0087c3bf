# SwAV on two clips of a video at the size of a demonstration: as many prototypes as a batch has
# videos, which have no gradient in the first epoch.
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

# Prototypes fill the space of the embeddings, and codes are sharp: otherwise a few videos a step
# let all scores become equal, which the loss does not leave again.
channels = 16
model = dict(
    _delete_=True,
    type='SwAV',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=dict(_base_.mlp, out_channels=channels),
    loss=dict(type='SwappedPredictionLoss', epsilon=0.01),
    channels=channels,
    num_prototypes=32,
    frozen_steps=11,
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))

max_epochs = 160  # a shorter training only begins to tell the videos apart
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=40))
