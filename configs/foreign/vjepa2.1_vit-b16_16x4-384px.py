# The encoder of V-JEPA 2.1, with the clips of V-JEPA 2's probe.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='LevelNormViT', arch='base', img_size=384),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            augment=dict(transforms=dict(resize=dict(short_side=439), crop=dict(size=384))),
        )
    )
)
