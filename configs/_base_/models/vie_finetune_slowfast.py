# VIE-SlowFast; see vie_finetune.py.
_base_ = './vie_finetune.py'

model = dict(
    backbone=dict(_delete_=True, type='PreActSlowFast', init_cfg={{_base_.start}}),
    cls_head=dict(in_channels=704, init_std=(2 / 704) ** 0.5),
)
