# How good the backbone of the VIE demonstration is.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    backbone=dict(type='PreActResNet3d', base_channels=16, norm_cfg=dict(type='BN3d')),
)
