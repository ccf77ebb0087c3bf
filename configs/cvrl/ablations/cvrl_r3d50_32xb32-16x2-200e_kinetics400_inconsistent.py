# Table 9: each frame is augmented independently.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

each = dict(consistent=False)
colors = dict(jitter=each, grey=each, blur=each)
first = dict(crop=each, flip=each, defer=dict(transforms=colors))
second = dict(first, defer=dict(transforms=dict(colors, solarize=each)))
augment = dict(augment_first=dict(transforms=first), augment_second=dict(transforms=second))
train_dataloader = dict(dataset=dict(pipeline=augment))
