# MoCo on two clips of a video at the size of a demonstration: a 3D ResNet-18 of a quarter of the
# width, clips of 8 frames of 64x64 pixels. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/rho-moco_r3d18w16_1xb32-2x8x3-64px.py \
#         --data-root path/to/videos
_base_ = [
    '../_base_/datasets/rho_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 40

# As in the other demonstrations, so that a few hundred steps teach something: normalised
# embeddings, a fast key encoder, and a short queue, which has the keys of two steps.
mlp = dict(
    type='MLPNeck',
    in_channels=128,
    hidden_channels=128,
    out_channels=64,
    norm_cfg=dict(type='BN1d'),
    out_norm_cfg=dict(type='BN1d', affine=False),
)
model = dict(
    type='RhoMoCo',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(type='R3DResNet', depth=18, base_channels=16),
    neck=mlp,
    head=dict(
        type='QueueContrastHead',
        queue=dict(type='FeatureQueue', size=128, channels=64),
        loss=dict(type='InfoNCELoss', temperature=0.2),
    ),
    momentum=0.5,
)

# Crops of at least half a frame, and the colours of VIE: these videos differ in their colours above
# all, by which a network would tell them apart without looking further. In the workers.
jitter = dict(_base_.colors.jitter, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0)
colors = dict(_base_.colors, jitter=jitter, grey=dict(_base_.colors.grey, prob=0.3), blur=None)
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(frame_interval=3, fps=24),  # the rate of the demonstration
            augment=dict(
                transforms=dict(crop=dict(size=64, area=(0.5, 1.0)), defer=None, **colors)
            ),
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = dict(warmup=2, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=20))
