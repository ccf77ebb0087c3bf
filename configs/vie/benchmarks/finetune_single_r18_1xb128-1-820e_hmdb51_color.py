# VIE-Single on HMDB51 with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_single_r18_1xb128-1-820e_hmdb51.py'

train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))
