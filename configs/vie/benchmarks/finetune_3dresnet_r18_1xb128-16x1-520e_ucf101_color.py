# VIE-3DResNet on UCF101 with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_3dresnet_r18_1xb128-16x1-520e_ucf101.py'

train_dataloader = dict(dataset=dict(pipeline=dict(augment=_base_.color_112)))
