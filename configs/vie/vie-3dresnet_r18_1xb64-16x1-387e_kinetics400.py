# VIE-3DResNet on Kinetics-400: one GPU x 64 videos, 387 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_kinetics400.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

# The network whose weights the authors released was trained with other numbers than the others.
model = dict(loss=dict(background_size=4096))
custom_hooks = [
    dict(type='BankListHook'),
    dict(type='ClusterHook', num_clusters=10000, num_iters=20),
]
train_dataloader = dict(batch_size=64)

train_cfg = dict(max_epochs=387)
param_scheduler = dict(milestones=[260, 348])
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=5))
