# How good the backbone of zoo://cvrl_r3d18w12_demo is.
_base_ = './retrieval_r3d18w16_8x3-64px.py'

model = dict(backbone=dict(base_channels=12))
