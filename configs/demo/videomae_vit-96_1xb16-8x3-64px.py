# VideoMAE at the size of a demonstration: a transformer of 4 blocks of width 96, clips of 8 frames
# of 64x64 pixels, 3 frames apart, in cubes of 2x8x8 pixels. Where features of single clips are
# compared, masked models are weak: attention over their tokens or fine-tuning measures them.
_base_ = [
    '../_base_/models/videomae_vit-b16.py',
    '../_base_/datasets/videomae_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 36

model = dict(
    backbone=dict(arch='tiny', embed_dims=96, depth=4, img_size=64, num_frames=8, patch_size=8),
    decoder=dict(embed_dims=48, depth=1, num_heads=3, out_channels=384),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(clip_len=8, frame_interval=3, span=None),
            augment=dict(transforms=dict(crop=dict(size=64))),
            mask=dict(grid=(4, 8, 8), ratio=0.75),
        ),
    ),
)
optim_wrapper = dict(
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(no_decay=['mask_token']),
    optimizer=dict(weight_decay=0.05, betas=(0.9, 0.95)),
)
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=12))
