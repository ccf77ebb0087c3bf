# The small CVRL with two views of the same clip (the paper's Table 9). The colours follow in a step
# of their own.
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

steps = dict(
    sample=dict(law='same'),
    augment_first=dict(transforms=dict(jitter=None, grey=None, blur=None)),
    augment_second=dict(_delete_=True, type='AugmentViews', transforms=_base_.colors),
)
train_dataloader = dict(dataset=dict(pipeline=steps))
