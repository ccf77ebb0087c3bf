# VIE's layer read-outs on ImageNet, whose images become videos that stand still; tested on its
# validation images. tools/data/imagenet/prepare.py writes the lists. A config sets the network, its
# clip and when the rate falls.
_base_ = [
    '../models/vie_readout.py',
    '../models/vie_networks.py',
    '../datasets/vie_pretrain.py',
    '../schedules/vie_readout_sgd.py',
    '../default_runtime.py',
]

model = dict(num_classes=1000)
data_root = '{{$VSSLBOX_IMAGENET:data/imagenet}}'
images = dict(type='ImageFolderDataset', data_root=data_root)
open_image = dict(type='OpenVideo', readers=['image'])
crop = dict(_delete_=True, type='RandomResizedCrop', size=224, area=(0.2, 1.0))
# Unlike with videos, the authors turn images grey before the colours change.
grey_first = dict(_delete_=True, grey=dict(type='RandomGrayscale', prob=0.2), jitter=_base_.jitter)
train_dataloader = dict(
    dataset=dict(
        images,
        ann_file='imagenet_train_list_images.txt',
        data_prefix=dict(img='train'),
        pipeline=dict(
            open=open_image,
            augment=dict(transforms=dict(resize=None, crop=crop)),
            color=dict(transforms=dict(defer=dict(transforms=grey_first))),
        ),
    )
)
val_dataloader = dict(
    batch_size=64,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        images,
        ann_file='imagenet_val_list_images.txt',
        data_prefix=dict(img='val'),
        pipeline=dict(
            _base_.test_pipeline,
            open=open_image,
            sample=dict(_base_.test_pipeline.sample, num_clips=1),
        ),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

default_hooks = dict(checkpoint=dict(interval=5))
