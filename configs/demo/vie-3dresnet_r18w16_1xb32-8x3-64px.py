# VIE at the size of a demonstration: a 3D pre-activation ResNet-18 of a quarter of the width, clips
# of 8 frames of 64x64 pixels, 3 frames apart; instance recognition, then local aggregation.
# Pretrain on a folder of your own videos, of which there are 500:
#
#     python tools/train.py configs/demo/vie-3dresnet_r18w16_1xb32-8x3-64px.py \
#         --data-root path/to/videos --cfg-options model.bank.num_videos=500
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_pretrain.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 60

# The softmax of the paper: with some hundred videos, the noise of NCE leaves little to learn from.
# Statistics of BatchNorm follow faster than in a training of a million steps. The warm-up is the
# first half.
model = dict(
    backbone=dict(base_channels=16, norm_cfg=dict(type='BN3d')),
    neck=dict(in_channels=128, out_channels=64),
    bank=dict(num_videos=360, channels=64),
    warmup_loss=dict(form='softmax', num_noise=256),
    warmup_steps=330,
    loss=dict(background_size=64),
)
custom_hooks = [dict(type='BankListHook'), dict(type='ClusterHook', num_clusters=60)]

geometry = [
    dict(type='RandomShortSide', low=64, high=90),
    dict(type='RandomCrop', size=64),
    dict(type='RandomFlip', prob=0.5),
]
colors = [
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0),
    dict(type='RandomGrayscale', prob=0.3),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[*geometry, *colors]),
    dict(type='PackViews'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root, ann_file='', data_prefix=dict(video=''), pipeline=train_pipeline
    ),
)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, T_max=max_epochs, convert_to_iter_based=True)
]
default_hooks = dict(checkpoint=dict(interval=20))
