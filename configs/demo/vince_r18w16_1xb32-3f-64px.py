# VINCE at the size of a demonstration: three frames of each of 32 videos for the query and for the
# key. Network, queue and momentum are those of MoCo's demonstration.
_base_ = './vclr_r18w16_1xb32-3seg-64px.py'

model = dict(
    _delete_=True,
    type='VINCE',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    head=dict(
        type='MultiPairContrastHead',
        queue=dict(_base_.model.inter.queue),
        temperature=0.2,
        within_batch=True,
    ),
    momentum=0.5,
)
frames = dict(_delete_=True, type='SampleRandomFrames', num_frames=3)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=frames, order=None)))
