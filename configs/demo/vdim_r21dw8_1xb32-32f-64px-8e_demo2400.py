# The demonstration of VDIM on five times as many videos, 8 epochs. Its weights are
# zoo://vdim_r21dw8_demo; data/demo2400 is from tools/data/make_demo_videos.py with --videos 2400.
_base_ = './vdim_r21dw8_1xb32-32f-64px.py'

max_epochs = 8

train_dataloader = dict(dataset=dict(data_root='data/demo2400/train'))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
