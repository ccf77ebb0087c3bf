# SimCLR on the frames of Kinetics-600: as on Kinetics-400.
_base_ = '../cvrl/cvrl_r3d50_32xb32-16x2-800e_kinetics600.py'

max_epochs = 200

model = dict(backbone=dict(_delete_=True, type='mmaction.ResNet', depth=50, norm_eval=False))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(clip_len=1, law='same'))))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
