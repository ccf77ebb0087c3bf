# The network of VIE-Single on HMDB51, split 1, from scratch, with multi-scale crops: one GPU x 128
# videos, 407 epochs.
_base_ = './finetune_single_r18_1xb128-1-820e_hmdb51.py'

model = _base_.scratch_model

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[7000, 10000])  # steps
train_cfg = dict(max_epochs=407)
