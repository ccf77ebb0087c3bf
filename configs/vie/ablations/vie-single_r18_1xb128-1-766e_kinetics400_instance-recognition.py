# Single-IR: instance recognition to the end, without clusters.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(loss=dict(_base_.model.warmup_loss, _delete_=True), warmup_loss=None, warmup_steps=0)
custom_hooks = []

train_cfg = dict(max_epochs=766)
param_scheduler = dict(milestones=[451, 683])
