# Something-Something V2 for mmaction2's 2D recognizers.
_base_ = ['./frames_8seg.py', './sthv2.py']

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
        _base_.sthv2_train,
        # No flip: the classes tell left from right. (The appendix of VCLR claims flips on all
        # data.)
        pipeline=dict(augment=dict(transforms=dict(crop=multi_scale, flip=None))),
    ),
)
val_dataloader = dict(
    dataset=dict(
        _base_.sthv2_test,
        pipeline=dict(augment=dict(transforms=dict(crop=dict(size=224)))),
    ),
)
test_dataloader = val_dataloader
