# The InfoNCE stage of CoCLR on UCF101, split 1: 2 GPUs x 32 videos, two clips of 32 frames of
# 128x128 pixels, 300 epochs. It is the baseline of VCLR's Table 8. The weights that the authors
# published are of epoch 399.
_base_ = [
    '../_base_/models/coclr_s3d.py',
    '../_base_/datasets/coclr_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=_base_.ucf101_train)
param_scheduler = dict(milestones=[250, 280])
default_hooks = dict(checkpoint=dict(interval=10))
