# Something-Something V2 for mmaction2's 2D recognizers; tested on its validation videos.
_base_ = './frames_8seg.py'

data_root = '{{$VSSLBOX_STHV2:data/sthv2}}'

multi_scale = dict(
    _delete_=True,
    type='MultiScaleCrop',
    size=224,
    scales=(1, 0.875, 0.75, 0.66),
    max_scale_gap=1,
    num_positions=5,
)
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='sthv2_train_list_videos.txt',
        data_prefix=dict(video='videos'),
        # No flip: the classes tell left from right. (The appendix of VCLR claims flips on all
        # data.)
        pipeline=dict(augment=dict(transforms=dict(crop=multi_scale, flip=None))),
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='sthv2_val_list_videos.txt',
        data_prefix=dict(video='videos'),
        pipeline=dict(augment=dict(transforms=dict(crop=dict(size=224)))),
    ),
)
test_dataloader = val_dataloader
