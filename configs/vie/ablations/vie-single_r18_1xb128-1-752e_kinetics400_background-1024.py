# A background of twice as many neighbours.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(loss=dict(background_size=1024))

train_cfg = dict(max_epochs=752)
param_scheduler = dict(milestones=[526, 670])
