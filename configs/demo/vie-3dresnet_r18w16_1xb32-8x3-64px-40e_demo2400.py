# The demonstration of VIE on five times as many videos, 40 epochs. Its weights are
# zoo://vie_3dresnet_r18w16_demo; data/demo2400 is from tools/data/make_demo_videos.py with
# --videos 2400.
_base_ = './vie-3dresnet_r18w16_1xb32-8x3-64px.py'

max_epochs = 40

# 56 steps an epoch; the warm-up is the first half.
model = dict(
    bank=dict(num_videos=1800),
    warmup_loss=dict(num_noise=1024),
    warmup_steps=1120,
    loss=dict(background_size=256),
)
custom_hooks = [dict(type='ClusterHook', num_clusters=300)]

train_dataloader = dict(dataset=dict(data_root='data/demo2400/train'))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
