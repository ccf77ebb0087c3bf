# The encoder of V-JEPA 2, with the clips of its probe on Kinetics-400. The pretraining has 16, then
# 64 frames at 4 frames a second.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='VideoViT', arch='large', position='rope', img_size=256),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            augment=dict(transforms=dict(resize=dict(short_side=293), crop=dict(size=256))),
        )
    )
)
