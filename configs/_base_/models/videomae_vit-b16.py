# VideoMAE with ViT-B and a decoder of four blocks of half its width. Linear layers start from
# Glorot's uniform distribution, the projection of the patches from torch's default, following the
# authors' code.
model = dict(
    type='VideoMAE',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(
        type='VideoViT',
        arch='base',
        img_size=224,
        num_frames=16,
        position='sincos',
        qkv_bias='no_key',
        init_cfg=dict(type='Xavier', layer='Linear', distribution='uniform'),
    ),
    decoder=dict(type='PixelDecoder', embed_dims=384, depth=4, num_heads=6, out_channels=1536),
    loss=dict(type='MaskedPixelLoss'),
)
