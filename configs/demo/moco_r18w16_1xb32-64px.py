# MoCo-v2 on frames at the size of a demonstration: two augmentations of one frame, a ResNet-18 of a
# quarter of the width on 64-pixel frames. Queue and momentum are those of VCLR's demonstration.
_base_ = './vclr_r18w16_1xb32-3seg-64px.py'

model = dict(
    _delete_=True,
    type='MoCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    head=_base_.model.inter,
    momentum=0.5,
)
one_frame = dict(_delete_=True, type='SampleTemporalInterval', clip_len=1, law='same')
train_dataloader = dict(dataset=dict(pipeline=dict(sample=one_frame, order=None)))
