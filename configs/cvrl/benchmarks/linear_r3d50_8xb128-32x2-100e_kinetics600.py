# CVRL's linear evaluation on Kinetics-600: 8 GPUs x 128 videos, 100 epochs.
_base_ = [
    '../../_base_/models/cvrl_r3d50_linear.py',
    '../../_base_/datasets/kinetics600_32x2.py',
    '../../_base_/schedules/cvrl_benchmark_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=600))
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=32))
