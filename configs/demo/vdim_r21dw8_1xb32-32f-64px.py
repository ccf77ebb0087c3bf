# VDIM at the size of a demonstration: its encoder without the fourth layer, for clips of 32 frames
# of 64x64 pixels, at an eighth of the width. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/vdim_r21dw8_1xb32-32f-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 10

# Width, kernel and stride in space, kernel and stride in time.
layers = [
    (1, 5, 2, 5, 2),
    (1, 3, 1, 3, 1),
    (2, 4, 2, 1, 1),
    (8, 2, 2, 2, 2),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
]
model = dict(
    backbone=dict(base_channels=8, extra_blocks=1, layers=layers),
    neck=dict(in_channels=64, out_channels=64),
    loss=dict(layers=[4, 5, 7], other_layers=[7]),
)

# The videos of the demonstration have 48 frames: the views overlap by a third of that. Colours are
# changed in the workers.
crop = dict(type='RandomResizedCrop', size=64, area=(0.3, 1.0), ratio=(0.7, 1.4))
sample = dict(type='SampleSubsequences', clip_len=32, offset=16, down_sampling=(1, 1))
train_pipeline = [
    dict(type='OpenVideo'),
    sample,
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[crop]),
    dict(type='AugmentViews', transforms=[{{_base_.jitter}}, {{_base_.grey}}]),
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
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, betas=(0.8, 0.999), weight_decay=1e-5)
)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, T_max=max_epochs, convert_to_iter_based=True)
]
default_hooks = dict(checkpoint=dict(interval=5))
