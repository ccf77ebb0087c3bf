# CVRL's linear evaluation on Kinetics-400: 8 GPUs x 128 videos, 100 epochs.
# The rate of 32 is not a misprint: features have length 1, so their gradients are small.
_base_ = [
    '../../_base_/models/cvrl_r3d50_linear.py',
    '../../_base_/datasets/kinetics400_32x2.py',
    '../../_base_/schedules/cvrl_benchmark_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=400))
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=32))
