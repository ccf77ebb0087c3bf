# The encoder of V-JEPA.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='VideoViT', arch='large', position='sincos_3d'),
)
