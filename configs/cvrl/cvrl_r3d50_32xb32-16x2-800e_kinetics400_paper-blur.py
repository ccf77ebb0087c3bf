# The blur of the paper's Algorithm 1: both views, always, and no solarisation. That is the first
# view's augmentation for both.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

augment = dict(augment_first=dict(views=None), augment_second=None)
train_dataloader = dict(dataset=dict(pipeline=augment))
