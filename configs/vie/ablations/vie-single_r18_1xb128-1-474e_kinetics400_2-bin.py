# Table 3: bins of 130 frames.
_base_ = './vie-single_r18_1xb128-1-184e_kinetics400_5-bin.py'

model = dict(bank=dict(num_videos=473532))
custom_hooks = [
    dict(type='BankListHook'),
    dict(type='ClusterHook', num_clusters=5000, num_iters=20),
]
train_dataloader = dict(dataset=dict(bin_interval=130))

train_cfg = dict(max_epochs=474, val_interval=3)
param_scheduler = dict(milestones=[372, 433])
default_hooks = dict(checkpoint=dict(interval=3))
