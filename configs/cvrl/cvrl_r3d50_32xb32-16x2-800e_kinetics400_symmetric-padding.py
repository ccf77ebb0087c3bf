# Padding alike on both sides, as torch's networks have it; the protocols then need
# `--cfg-options model.backbone.padding=symmetric`.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

model = dict(backbone=dict(padding='symmetric'))
