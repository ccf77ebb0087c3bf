# Shuffle and Learn at the size of a demonstration: a ResNet-18 of a quarter of the width, three
# frames of 64x64 pixels. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/shuffle-and-learn_r18w16_1xb32-3f-64px.py \
#         --data-root path/to/videos
_base_ = './pace_r3d18w16_1xb32-8f-64px.py'

model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(_delete_=True, type='NarrowResNet', depth=18, base_channels=16, norm_eval=False),
    head=dict(_delete_=True, type='TupleClsHead', in_channels=128, num_classes=2, num_views=3),
)
# The videos have 48 frames.
sample = dict(type='SampleFrameTriples', span=16, offset=8)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(sample, _delete_=True))))
