# V-JEPA 2 at the size of a demonstration: a transformer of 4 blocks of width 96 on clips of 16
# frames of 64x64 pixels, 2 frames apart, in 4 x 8 x 8 tokens. The loss falls, but so short a
# training teaches little that nearest neighbours of the mean of tokens show.
_base_ = [
    '../_base_/models/vjepa2_vit-l16.py',
    '../_base_/datasets/vjepa_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 40

model = dict(
    backbone=dict(
        arch='tiny',
        embed_dims=96,
        depth=4,
        img_size=64,
        patch_size=8,
        tubelet_size=4,
        with_cp=False,
    ),
    # On so small a grid the paper's blocks would leave 58 and 21 of 256 tokens to see.
    masks=[
        dict(type='BlockMask', num_blocks=3, scale=0.15),
        dict(type='BlockMask', num_blocks=1, scale=0.6),
    ],
    predictor=dict(in_channels=96, embed_dims=48, depth=2, num_heads=3, with_cp=False),
    momentum=0.99,  # a thousand steps are few
)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        ann_file='',
        pipeline=dict(
            sample=dict(down_sampling=2),
            # No flip: it would turn a motion to the left into one to the right.
            augment=dict(transforms=dict(crop=dict(size=64), flip=None)),
        ),
    ),
)
optim_wrapper = dict(optimizer=dict(weight_decay=0.04), paramwise_cfg=dict(flat_decay_mult=0))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=10))
