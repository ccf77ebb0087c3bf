# The network of VIE-SlowFast on UCF101, split 1, from scratch, with colour noise: one GPU x 128
# videos, 208 epochs.
_base_ = './finetune_slowfast_r18_1xb128-16x4-300e_ucf101.py'

model = _base_.scratch_model
train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[10000, 14000])  # steps
train_cfg = dict(max_epochs=208)
