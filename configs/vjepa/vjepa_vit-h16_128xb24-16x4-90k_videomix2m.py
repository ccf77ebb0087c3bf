# V-JEPA with ViT-H.
_base_ = './vjepa_vit-l16_128xb24-16x4-90k_videomix2m.py'

model = dict(backbone=dict(arch='huge', with_cp=True), predictor=dict(in_channels=1280))
