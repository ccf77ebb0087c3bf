# MoCo-v2 on frames at the size of a demonstration: a ResNet-18 of a quarter of the width on frames
# of 64 pixels. Queue and momentum are those of VCLR's demonstration. The views are two frames of a
# video: of one frame, as in the recipe, the scene is the easiest to recognise, and here it changes.
_base_ = './vclr_r18w16_1xb32-3seg-64px.py'

model = dict(
    _delete_=True,
    type='MoCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    head=_base_.model.video,  # of the two, the queue that one key a video does not let grow old
    momentum=0.5,
)
frames = dict(_delete_=True, type='SampleTemporalInterval', clip_len=1, law='uniform')
train_dataloader = dict(dataset=dict(pipeline=dict(sample=frames, order=None)))
