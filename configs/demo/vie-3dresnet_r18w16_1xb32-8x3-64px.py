# VIE at the size of a demonstration: a 3D pre-activation ResNet-18 of a quarter of the width, clips
# of 8 frames of 64x64 pixels, 3 frames apart; instance recognition, then local aggregation.
# Pretrain on a folder of your own videos, at least 64:
#
#     python tools/train.py configs/demo/vie-3dresnet_r18w16_1xb32-8x3-64px.py \
#         --data-root path/to/videos
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 60

# The softmax of the paper: with a few hundred videos, the noise of NCE leaves little to learn from.
# The statistics of BatchNorm follow faster than in a training of a million steps. The warm-up is
# the first half.
model = dict(
    backbone=dict(base_channels=16, norm_cfg=dict(type='BN3d')),
    neck=dict(in_channels=128, out_channels=64, init_cfg=None),  # torch's own first weights
    bank=dict(num_videos=360, channels=64),
    warmup_loss=dict(form='softmax', num_noise=256),
    warmup_steps=330,
    loss=dict(background_size=64),
)
custom_hooks = [dict(type='ClusterHook', num_clusters=60)]

transforms = dict(
    resize=dict(low=64, high=90),
    crop=dict(size=64),
    jitter=_base_.jitter,
    grey=dict(type='RandomGrayscale', prob=0.3),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            rate=None,  # the videos of the demonstration have 24 frames a second
            sample=dict(clip_len=8, frame_interval=3),
            augment=dict(transforms=transforms),
            color=None,  # it would leave the colours to the model's device
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=20))
