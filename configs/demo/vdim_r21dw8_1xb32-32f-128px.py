# VDIM at the size of a demonstration: its encoder at an eighth of the width and with fewer blocks, on
# the clips of 32 frames of 128x128 pixels that its layers need. Pretrain on a folder of your own
# videos:
#
#     python tools/train.py configs/demo/vdim_r21dw8_1xb32-32f-128px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 15

model = dict(
    backbone=dict(base_channels=8, extra_blocks=1),
    neck=dict(in_channels=64, out_channels=64),
)

# The videos of the demonstration have 48 frames: the views overlap by a third of that. Colours are
# changed in the workers.
sample = dict(type='SampleSubsequences', clip_len=32, offset=16, down_sampling=(1, 1))
train_pipeline = [
    dict(type='OpenVideo'),
    sample,
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[{{_base_.crop}}, {{_base_.jitter}}, {{_base_.grey}}],
    ),
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
