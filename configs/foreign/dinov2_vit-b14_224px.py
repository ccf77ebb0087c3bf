# DINOv2 on single frames; the features are the mean of the patches, not the class token.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='ImageViT', arch='base'),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            sample=dict(type='SampleEndToEndFrames', num_frames=10, _delete_=True),
        )
    )
)
