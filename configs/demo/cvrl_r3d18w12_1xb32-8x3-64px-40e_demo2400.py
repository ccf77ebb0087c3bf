# The demonstration of CVRL on five times as many videos, three quarters as wide, 40 epochs. Its
# weights are zoo://cvrl_r3d18w12_demo; data/demo2400 is from tools/data/make_demo_videos.py with
# --videos 2400.
_base_ = './cvrl_r3d18w16_1xb32-8x3-64px.py'

max_epochs = 40

model = dict(backbone=dict(base_channels=12), neck=dict(in_channels=96))
train_dataloader = dict(dataset=dict(data_root='data/demo2400/train'))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
