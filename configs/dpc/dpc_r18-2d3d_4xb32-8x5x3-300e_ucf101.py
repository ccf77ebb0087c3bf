# DPC on UCF101, split 1: 4 GPUs x 32 videos, 8 blocks of 5 frames, 3 frames apart, 128x128 pixels,
# 300 epochs. It is the baseline of VCLR's Table 9; the falls of the rate are those of VCLR's
# appendix.
_base_ = [
    '../_base_/models/dpc_r18.py',
    '../_base_/datasets/dpc_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=_base_.ucf101_train)
param_scheduler = dict(milestones=[150, 250])
default_hooks = dict(checkpoint=dict(interval=10))
