# How good the backbone of the VideoMAE demonstration is, on the mean of its tokens.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    backbone=dict(
        type='VideoViT',
        arch='tiny',
        embed_dims=96,
        depth=4,
        img_size=64,
        num_frames=8,
        patch_size=8,
        qkv_bias='no_key',
    ),
)
