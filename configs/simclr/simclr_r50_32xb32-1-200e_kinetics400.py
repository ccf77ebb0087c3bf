# SimCLR on the frames of Kinetics-400, CVRL's baseline: two views of one frame, a 2D ResNet-50.
_base_ = '../cvrl/cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

model = dict(backbone=dict(_delete_=True, type='mmaction.ResNet', depth=50, norm_eval=False))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(clip_len=1, law='same'))))
