_base_ = './vjepa_vit-l16_16x4-224px.py'

model = dict(backbone=dict(arch='huge', img_size=384))
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            augment=dict(transforms=dict(resize=dict(short_side=439), crop=dict(size=384))),
        )
    )
)
