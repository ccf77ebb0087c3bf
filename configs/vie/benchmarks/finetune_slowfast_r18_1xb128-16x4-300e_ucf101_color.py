# VIE-SlowFast on UCF101 with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_slowfast_r18_1xb128-16x4-300e_ucf101.py'

train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))
