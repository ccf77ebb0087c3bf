# CVRL at the size of a demonstration: a 3D ResNet-18 of a quarter of the width, clips of 8 frames
# of 64x64 pixels, 3 frames apart. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/cvrl_r3d50.py',
    '../_base_/datasets/cvrl_pretrain.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 80

model = dict(
    backbone=dict(depth=18, base_channels=16),
    # One hidden layer: with three, this short a training doesn't get off the ground.
    neck=dict(
        in_channels=128,
        hidden_channels=128,
        out_channels=64,
        num_layers=2,
        norm_cfg=dict(momentum=0.1),
    ),
)

# As for the paper's recipe, with half its jitter, the colours in the workers and a blur for small
# pictures.
geometry = [
    dict(type='DistortedBoxCrop', size=64, area=(0.3, 1.0), ratio=(0.5, 2.0)),
    dict(type='RandomFlip', prob=0.5),
]
colors = [
    dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        contrast_pivot='clip',
    ),
    dict(type='RandomGrayscale', prob=0.2),
    dict(type='GaussianBlur', sigma=(0.1, 0.6), prob=0.5),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleTemporalInterval', clip_len=8, frame_interval=3),
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
