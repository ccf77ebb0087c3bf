# Table 9: temporal augmentation only; both views show the middle of the frames.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

middle = dict(
    _delete_=True,
    resize=dict(type='Resize', short_side=224),
    crop=dict(type='CenterCrop', size=224),
)
both = dict(views=None, transforms=middle)
train_dataloader = dict(dataset=dict(pipeline=dict(augment_first=both, augment_second=None)))
