# VIE-SlowFast, with clips of 224x224 pixels: its slow pathway is read, with what joins it.
_base_ = './vie_readout.py'

model = dict(
    backbone=dict(_delete_=True, type='PreActSlowFast', init_cfg={{_base_.start}}),
    in_features=dict(conv3=160 * 28 * 28, conv4=320 * 14 * 14, conv5=640 * 7 * 7),
)
