# Frames are rotated too. The paper gives no angle.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

colors = dict(transforms=dict(rotate=dict(type='RandomRotation', degrees=(-10, 10))))
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=dict(defer=colors)))))
