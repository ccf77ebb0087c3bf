# SeCo at the size of a demonstration: a ResNet-18 of a quarter of the width on 64-pixel frames.
# Queue, momentum and weights of the losses are those of VCLR's demonstration.
_base_ = './vclr_r18w16_1xb32-3seg-64px.py'

model = dict(
    _delete_=True,
    type='SeCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    inter=_base_.model.inter,
    intra=_base_.model.intra,
    order=dict(type='TupleClsHead', num_classes=2, in_channels=64),
    momentum=0.5,
)
train_dataloader = dict(
    dataset=dict(pipeline=dict(sample=dict(_delete_=True, type='SampleHalves'), order=None))
)
