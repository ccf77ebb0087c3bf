# The encoder of MAE on videos, from SlowFast, with values scaled as SlowFast does (RGB / 255, mean
# 0.45, deviation 0.225).
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    backbone=dict(type='VideoViT', arch='base', position='learnt_separable', class_token=True),
)
