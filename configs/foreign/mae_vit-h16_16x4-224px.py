_base_ = './mae_vit-b16_16x4-224px.py'

model = dict(backbone=dict(arch='huge'))
