# VIE-TwoStream-SF on HMDB51 with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_twostream-sf_r18_1xb64-16x4-400e_hmdb51.py'

train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_test)))
