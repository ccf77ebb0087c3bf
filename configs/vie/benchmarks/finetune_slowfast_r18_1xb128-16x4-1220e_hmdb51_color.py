# VIE-SlowFast on HMDB51 with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_slowfast_r18_1xb128-16x4-1220e_hmdb51.py'

train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))

param_scheduler = dict(milestones=[556, 1111])
