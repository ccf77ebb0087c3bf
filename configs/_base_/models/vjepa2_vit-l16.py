# V-JEPA 2 with ViT-L for clips of 16 frames of 256x256 pixels, 8 x 16 x 16 tokens.
model = dict(
    type='VJEPA',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(
        type='VideoViT',
        arch='large',
        img_size=256,
        num_frames=16,
        position='rope',
        with_cp=True,
        init_cfg=dict(type='DepthScaledNormal'),
    ),
    # The authors create 6 mask tokens, but with clips of one length they train the first alone.
    predictor=dict(
        type='TokenPredictor',
        in_channels=1024,
        embed_dims=384,
        depth=12,
        num_heads=12,
        num_mask_tokens=1,
        position='rope',
        with_cp=True,
    ),
    masks=[
        dict(type='BlockMask', num_blocks=8, scale=0.15),
        dict(type='BlockMask', num_blocks=2, scale=0.7),
    ],
    loss=dict(type='FeaturePredictionLoss'),
    momentum=0.99925,
)
