_base_ = './vjepa_vit-l16_16x4-224px.py'

model = dict(backbone=dict(arch='huge'))
