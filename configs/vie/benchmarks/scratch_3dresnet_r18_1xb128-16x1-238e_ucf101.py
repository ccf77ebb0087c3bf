# The network of VIE-3DResNet on UCF101, split 1, from scratch, with multi-scale crops: one GPU x
# 128 videos, 238 epochs.
_base_ = './finetune_3dresnet_r18_1xb128-16x1-520e_ucf101.py'

model = _base_.scratch_model

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[10000, 16000])  # steps
train_cfg = dict(max_epochs=238)
