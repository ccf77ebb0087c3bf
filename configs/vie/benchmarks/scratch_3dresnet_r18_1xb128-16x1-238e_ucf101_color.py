# The network of VIE-3DResNet on UCF101, split 1, from scratch, with colour noise: one GPU x 128
# videos, 238 epochs.
_base_ = './finetune_3dresnet_r18_1xb128-16x1-520e_ucf101.py'

model = _base_.scratch_model
train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_112)))

optim_wrapper = _base_.scratch_optim_wrapper
param_scheduler = []  # the authors give no fall; it ends as with multi-scale crops
train_cfg = dict(max_epochs=238)
