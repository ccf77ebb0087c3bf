_base_ = './vjepa2_vit-l16_16x4-256px.py'

model = dict(backbone=dict(arch='giant', num_heads=22, img_size=384))
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            augment=dict(transforms=dict(resize=dict(short_side=439), crop=dict(size=384))),
        )
    )
)
