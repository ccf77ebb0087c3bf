# The main phase of V-JEPA 2 with ViT-g.
_base_ = './vjepa2_vit-l16_128xb24-16f-240k_videomix2m.py'

model = dict(backbone=dict(arch='giant', num_heads=22), predictor=dict(in_channels=1408))
