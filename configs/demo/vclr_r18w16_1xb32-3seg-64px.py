# VCLR at the size of a demonstration: a ResNet-18 of a quarter of the width on 64-pixel frames, a
# few minutes on two CPU cores. Pretrain on a folder of your own videos, at least 32:
#
#     python tools/train.py configs/demo/vclr_r18w16_1xb32-3seg-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 50

# The paper's recipe starts from MoCo's weights and takes hundreds of thousands of steps; this one
# starts from random weights and takes a few hundred. Within so few steps, embeddings without
# normalisation would all point the same way, a slow key encoder would remain close to random, and
# the oldest keys would be outdated. The intra and order losses, which keep the differences between
# the frames of one video, weigh less.
queue = dict(channels=64)
loss = dict(temperature=0.2)
model = dict(
    backbone=dict(_delete_=True, type='NarrowResNet', depth=18, base_channels=16, norm_eval=False),
    neck=dict(
        _delete_=True,
        type='MLPNeck',
        in_channels=128,
        hidden_channels=128,
        out_channels=64,
        norm_cfg=dict(type='BN1d'),
        out_norm_cfg=dict(type='BN1d', affine=False),
    ),
    inter=dict(queue=dict(queue, size=192), loss=loss),
    intra=dict(loss, loss_weight=0.1),
    video=dict(queue=dict(queue, size=64), loss=loss),
    order=dict(in_channels=64, loss_weight=0.3),
    momentum=0.5,
)

# As in the paper's recipe, with the colours in the workers and without strong blur: at 64 pixels,
# sigma 2 leaves nothing to see.
blur = dict(_base_.colors.blur, sigma=(0.1, 0.6))
transforms = dict(_base_.colors, crop=dict(size=64), defer=None, blur=blur)
train_dataloader = dict(
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(augment=dict(transforms=transforms)),
    ),
)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=2, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=2,
        end=max_epochs,
        T_max=max_epochs - 2,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(checkpoint=dict(interval=10))
