# VDIM on UCF101, the training videos of split 1 without their labels: 50 000 steps of the paper's
# best setting, with the temporal difference. Its batch is not known: here it is that of
# Kinetics-600.
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/vdim_adam.py',
    '../_base_/default_runtime.py',
]

model = dict(type='VDIMTemporalDifference')
views = dict(sample=dict(consequent_len=64))
train_dataloader = dict(dataset=dict(_base_.ucf101_train, pipeline=views))
# An epoch has 39 steps for 9537 videos: 49 998 in all.
train_cfg = dict(max_epochs=1282)
default_hooks = dict(checkpoint=dict(interval=50))
