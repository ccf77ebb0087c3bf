# The network of VIE-Single on HMDB51, split 1, from scratch, with colour noise: one GPU x 128
# videos, 407 epochs.
_base_ = './finetune_single_r18_1xb128-1-820e_hmdb51.py'

model = _base_.scratch_model
train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = dict(by_epoch=False, milestones=[7000, 10000])  # steps
train_cfg = dict(max_epochs=407)
