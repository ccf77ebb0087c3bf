# The network of VIE-SlowFast on HMDB51, split 1, from scratch, with multi-scale crops: one GPU x
# 128 videos, 733 epochs.
_base_ = './finetune_slowfast_r18_1xb128-16x4-1220e_hmdb51.py'

model = _base_.scratch_model

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[13000, 18000])  # steps
train_cfg = dict(max_epochs=733)
