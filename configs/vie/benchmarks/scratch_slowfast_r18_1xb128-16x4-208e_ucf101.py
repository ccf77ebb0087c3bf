# The network of VIE-SlowFast on UCF101, split 1, from scratch, with multi-scale crops: one GPU x
# 128 videos, 208 epochs.
_base_ = './finetune_slowfast_r18_1xb128-16x4-300e_ucf101.py'

model = _base_.scratch_model

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = []  # the authors give no fall; it ends as with the colour noise
train_cfg = dict(max_epochs=208)
