_base_ = './vjepa2_vit-l16_16x4-256px.py'

model = dict(backbone=dict(arch='huge'))
