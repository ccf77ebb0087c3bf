# The encoder of VideoMAE's pretraining.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='VideoViT', arch='base', qkv_bias='no_key'),
)
