# MViTv2-S as MaskFeat pretrains it in SlowFast: the last stage has the resolution of the one
# before, and the last block is followed by the norm of the prediction head. Values are scaled as
# SlowFast does (RGB / 255, mean 0.45, deviation 0.225).
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    backbone=dict(
        type='VideoMViT',
        arch=dict(
            embed_dims=96,
            num_layers=16,
            num_heads=1,
            downscale_indices=[1, 3],
            dim_mul_indices=[1, 3, 14],
        ),
        dim_mul_in_attention=False,
    ),
)
