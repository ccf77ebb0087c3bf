# The small CVRL with two clips and no other augmentation (the paper's Table 9).
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

transforms = dict(_delete_=True, resize=dict(type='Resize', size=64))
train_dataloader = dict(dataset=dict(pipeline=dict(augment_first=dict(transforms=transforms))))
