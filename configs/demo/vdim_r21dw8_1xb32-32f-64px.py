# VDIM at the size of a demonstration: its encoder without the fourth layer, for clips of 32 frames
# of 64x64 pixels, at an eighth of the width. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/vdim_r21dw8_1xb32-32f-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/demo_vdim_layers.py',
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 10

model = dict(
    backbone=dict(base_channels=8, extra_blocks=1, layers=_base_.layers),
    neck=dict(in_channels=64, out_channels=64),
    loss=dict(layers=[4, 5, 7], other_layers=[7]),
)

# The videos of the demonstration have 48 frames: the views overlap by a third of that. The workers
# change the colours.
color = dict(
    _delete_=True,
    type='AugmentViews',
    transforms=dict(jitter=_base_.jitter, grey=_base_.grey),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(offset=16, down_sampling=(1, 1)),
            augment=dict(transforms=dict(crop=dict(size=64), defer=None)),
            color=color,
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='Adam', lr=1e-3, betas=(0.8, 0.999), weight_decay=1e-5)
)
param_scheduler = dict(warmup=1, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=5))
