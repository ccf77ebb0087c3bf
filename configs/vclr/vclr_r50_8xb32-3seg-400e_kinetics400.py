# VCLR on Kinetics-400: 8 GPUs x 32 videos, 400 epochs.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/vclr_sgd_400e.py',
    '../_base_/default_runtime.py',
]

# The authors extract frames at 30 per second, stretched to 340x256, 300 frames a video.
train_dataloader = dict(dataset=_base_.kinetics400_train)
default_hooks = dict(checkpoint=dict(interval=10))
