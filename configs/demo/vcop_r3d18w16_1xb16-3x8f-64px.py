# Video clip order prediction at the size of a demonstration: a 3D ResNet-18 of a quarter of the
# width, three clips of 8 frames of 64x64 pixels, 4 frames apart. Pretrain on a folder of your own
# videos, each of at least 32 frames:
#
#     python tools/train.py configs/demo/vcop_r3d18w16_1xb16-3x8f-64px.py --data-root path/to/videos
_base_ = './pace_r3d18w16_1xb32-8f-64px.py'

max_epochs = 14

head = dict(type='TupleClsHead', in_channels=128, num_classes=6, pair_channels=128)
sample = dict(type='SampleShuffledClips', num_clips=3, clip_len=8, gap=4)

model = dict(head=dict(head, _delete_=True))
train_dataloader = dict(
    batch_size=16, dataset=dict(pipeline=dict(sample=dict(sample, _delete_=True)))
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
