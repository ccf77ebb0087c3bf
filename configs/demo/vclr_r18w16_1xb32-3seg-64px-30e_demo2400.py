# The demonstration of VCLR on five times as many videos, 30 epochs. Its weights are
# zoo://vclr_r18w16_demo; data/demo2400 is from tools/data/make_demo_videos.py with --videos 2400.
_base_ = './vclr_r18w16_1xb32-3seg-64px.py'

max_epochs = 30

train_dataloader = dict(dataset=dict(data_root='data/demo2400/train'))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        end=max_epochs,
        T_max=max_epochs - 1,
        convert_to_iter_based=True,
    ),
]
