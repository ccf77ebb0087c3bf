# 3D-RotNet at the size of a demonstration: a 3D ResNet-18 of a quarter of the width, clips of 8
# frames of 64x64 pixels, 3 frames apart, in four rotations. Pretrain on a folder of your own
# videos:
#
#     python tools/train.py configs/demo/rotnet3d_r3d18w16_1xb8-8x3-64px.py \
#         --data-root path/to/videos
_base_ = './pace_r3d18w16_1xb32-8f-64px.py'

max_epochs = 10

sample = dict(type='SampleRandomClip', clip_len=8, frame_interval=3)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        pipeline=dict(
            sample=dict(sample, _delete_=True), rotate=dict(_delete_=True, type='RotateViews')
        )
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
