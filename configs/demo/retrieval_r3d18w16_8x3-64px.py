# How good the backbone of the CVRL demonstration is.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(type='R3DResNet', depth=18, base_channels=16),
)
