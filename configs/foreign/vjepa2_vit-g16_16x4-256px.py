# 22 heads, not the 16 of VideoMAE v2's ViT-g.
_base_ = './vjepa2_vit-l16_16x4-256px.py'

model = dict(backbone=dict(arch='giant', num_heads=22))
