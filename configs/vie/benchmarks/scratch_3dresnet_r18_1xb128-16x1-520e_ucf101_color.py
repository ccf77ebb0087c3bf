# The reference for the fine-tuning of VIE-3DResNet on UCF101 with the colour noise of the
# pretraining instead of multi-scale crops: the same from scratch.
_base_ = './finetune_3dresnet_r18_1xb128-16x1-520e_ucf101.py'

model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(optimizer=_base_.from_scratch)
train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_112)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test_112)))
