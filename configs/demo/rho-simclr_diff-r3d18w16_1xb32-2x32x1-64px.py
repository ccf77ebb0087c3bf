# SimCLR on two clips of a video at the size of a demonstration, of which the network sees the
# differences between frames alone: for motion in front of scenes that tell the videos apart. All
# frames of 1.3 seconds: what lies between eight of them is motion too. docs/motion.md has the
# figures. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/rho-simclr_diff-r3d18w16_1xb32-2x32x1-64px.py \
#         --data-root path/to/videos
_base_ = './rho-moco_r3d18w16_1xb32-2x8x3-64px.py'

model = dict(
    _delete_=True,
    type='RhoSimCLR',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(type='FrameDifferences', backbone=_base_.model.backbone),
    neck=_base_.mlp,
    loss=dict(type='NTXentLoss', temperature=0.1, reduction='mean'),
)
sample = dict(clip_len=32, frame_interval=1)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
