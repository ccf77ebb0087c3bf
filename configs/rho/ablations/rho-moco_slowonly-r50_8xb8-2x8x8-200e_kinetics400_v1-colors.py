# The colours of MoCo's first version: grey, then always jitter, and no blur; the strengths are the
# defaults of the authors' code (`SSL_MOCOV2_AUG=False`).
_base_ = '../rho-moco_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py'

weak = dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=1.0)
colors = dict(grey=_base_.colors.grey, jitter=dict(_base_.colors.jitter, **weak))
defer = dict(defer=dict(transforms=dict(colors, _delete_=True)))
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=defer))))
