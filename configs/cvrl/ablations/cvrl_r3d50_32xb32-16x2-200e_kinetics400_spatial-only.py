# Table 9: spatial augmentation only; both views show the same clip.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(law='same'))))
