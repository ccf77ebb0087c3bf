# The cooldown of V-JEPA 2 with ViT-H.
_base_ = './vjepa2_vit-l16_256xb12-64f-12k_videomix2m.py'

model = dict(backbone=dict(arch='huge'), predictor=dict(in_channels=1280))
