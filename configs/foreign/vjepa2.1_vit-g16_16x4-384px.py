_base_ = './vjepa2.1_vit-b16_16x4-384px.py'

model = dict(backbone=dict(arch='giant', num_heads=22))
