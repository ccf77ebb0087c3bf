# The cooldown of V-JEPA 2 with ViT-g, on frames of 384x384 pixels.
_base_ = './vjepa2_vit-l16_256xb12-64f-12k_videomix2m.py'

model = dict(
    backbone=dict(arch='giant', num_heads=22, img_size=384), predictor=dict(in_channels=1408)
)
crop = dict(size=384)
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=dict(crop=crop)))))
