# The reference for the fine-tuning of VIE-Single on UCF101: the same from scratch.
_base_ = './finetune_single_r18_1xb128-1-520e_ucf101.py'

model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(optimizer=_base_.from_scratch)
