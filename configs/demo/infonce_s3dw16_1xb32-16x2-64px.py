# The InfoNCE stage of CoCLR at the size of a demonstration: two clips of 16 frames of 64x64 pixels,
# 2 frames apart, and an S3D of a quarter of the width. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/infonce_s3dw16_1xb32-16x2-64px.py \
#         --data-root path/to/videos
_base_ = [
    '../_base_/models/coclr_s3d.py',
    '../_base_/datasets/coclr_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 40

# As in the other demonstrations, so that a few hundred steps teach something: normalised
# embeddings, a fast key encoder, a short queue, and convolutions that do not start near zero.
model = dict(
    backbone=dict(width=0.25, stem_stride_t=1, init_cfg=dict(type='Kaiming', layer='Conv3d')),
    neck=dict(
        in_channels=256,
        hidden_channels=128,
        out_channels=64,
        norm_cfg=dict(type='BN1d'),
        out_norm_cfg=dict(type='BN1d', affine=False),
    ),
    head=dict(queue=dict(size=128, channels=64), loss=dict(temperature=0.2)),
    momentum=0.5,
)

blur = dict(_base_.strong.blur, sigma=(0.1, 0.6))
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(clip_len=16, frame_interval=2),
            augment=dict(transforms=dict(crop=dict(size=64))),
            strong=dict(transforms=dict(blur=blur)),
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=10))
