# BYOL on four clips of a video, with the rate that a comment in the authors' config gives for them.
_base_ = './rho-byol_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(num_clips=4))))
optim_wrapper = dict(optimizer=dict(lr=1.2))
param_scheduler = dict(start_factor=0.001 / 1.2)
