_base_ = './maskfeat_mvit-s_16x4-224px.py'

model = dict(
    backbone=dict(
        arch=dict(
            embed_dims=144,
            num_layers=48,
            num_heads=2,
            downscale_indices=[2, 8],
            dim_mul_indices=[2, 8, 44],
        ),
    ),
)
