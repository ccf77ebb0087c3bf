# VCLR on UCF101: the training videos of split 1, without their labels.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/vclr_sgd_400e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=_base_.ucf101_train)
default_hooks = dict(checkpoint=dict(interval=10))
