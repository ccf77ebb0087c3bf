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
# starts from nothing and takes some hundred. Embeddings without normalisation would all point the
# same way for longer than that, a slow key encoder would not be worth imitating, and keys of many
# steps ago would be outdated. The intra and order losses, which hold on to what tells the frames of
# one video apart, weigh less until there is something to hold on to.
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

# As for the paper's recipe, with the colours in the workers and no strong blur: at 64 pixels
# sigma 2 leaves nothing to see.
augmentation = [
    dict(type='RandomResizedCrop', size=64, area=(0.2, 1.0), consistent=False),
    dict(type='RandomFlip', prob=0.5, consistent=False),
    dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        consistent=False,
    ),
    dict(type='RandomGrayscale', prob=0.2, consistent=False),
    dict(type='GaussianBlur', sigma=(0.1, 0.6), prob=0.5, consistent=False),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleSegmentTuples', num_segments=3),
    dict(type='ShuffleOrder', num_segments=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=augmentation),
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
