# ImageNet for the layer read-outs of VIE, as videos that stand still; tested on its validation
# images. The lists are those of tools/data/imagenet/prepare.py. A child gives the pipelines of its
# network's clips: 224x224 pixels, or 112x112 for the 3D ResNet.
data_root = '{{$VSSLBOX_IMAGENET:data/imagenet}}'

change_geometry = dict(
    type='AugmentViews',
    transforms=[
        dict(type='RandomResizedCrop', size=224, area=(0.2, 1.0)),
        dict(type='RandomFlip', prob=0.5),
    ],
)
change_geometry_112 = dict(
    type='AugmentViews',
    transforms=[
        dict(type='RandomResizedCrop', size=112, area=(0.2, 1.0)),
        dict(type='RandomFlip', prob=0.5),
    ],
)
# Other than for videos, the authors turn images grey before their colours change.
change_colors = dict(
    type='AugmentViews',
    transforms=[
        dict(
            type='Defer',
            transforms=[
                dict(type='RandomGrayscale', prob=0.2),
                dict(
                    type='ColorJitter',
                    brightness=0.4,
                    contrast=0.4,
                    saturation=0.4,
                    hue=0.4,
                    prob=1.0,
                ),
            ],
        ),
    ],
)
crop_center = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)],
)
crop_center_112 = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=128), dict(type='CenterCrop', size=112)],
)

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ImageFolderDataset',
        data_root=data_root,
        ann_file='imagenet_train_list_images.txt',
        data_prefix=dict(img='train'),
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ImageFolderDataset',
        data_root=data_root,
        ann_file='imagenet_val_list_images.txt',
        data_prefix=dict(img='val'),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ReadoutMetric')
test_evaluator = val_evaluator
