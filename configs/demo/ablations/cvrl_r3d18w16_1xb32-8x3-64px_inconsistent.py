# The small CVRL with each frame augmented independently (the paper's Table 9).
_base_ = '../cvrl_r3d18w16_1xb32-8x3-64px.py'

each = dict(consistent=False)
jitter = dict(each, contrast_pivot='frame')
transforms = dict(crop=each, flip=each, jitter=jitter, grey=each, blur=each)
train_dataloader = dict(dataset=dict(pipeline=dict(augment_first=dict(transforms=transforms))))
