# The network of VIE-Single on UCF101, split 1, from scratch, with multi-scale crops: one GPU x 128
# videos, 193 epochs.
_base_ = './finetune_single_r18_1xb128-1-520e_ucf101.py'

model = _base_.scratch_model

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[9000, 13000])  # steps
train_cfg = dict(max_epochs=193)
