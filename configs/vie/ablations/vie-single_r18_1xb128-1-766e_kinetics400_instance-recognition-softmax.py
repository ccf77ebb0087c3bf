# Single-IR by the softmax of the paper's eq. 2 instead of the code's noise-contrastive estimate.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

warmup = dict(_base_.model.warmup_loss, _delete_=True, form='softmax')
model = dict(loss=warmup, warmup_loss=None, warmup_steps=0)
custom_hooks = []
train_cfg = dict(max_epochs=766)
param_scheduler = dict(milestones=[451, 683])
