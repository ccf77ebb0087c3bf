# Table 12: RandAugment, the same for all frames of a clip, instead of colours and blur. Both views
# are cropped and flipped by the first step and go through RandAugment in the second.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

rand_augment = dict(_delete_=True, rand_augment=dict(type='RandAugment'))
augment = dict(
    augment_first=dict(views=None, transforms=dict(defer=None)),
    augment_second=dict(views=None, transforms=rand_augment),
)
train_dataloader = dict(dataset=dict(pipeline=augment))
