# DINOv3 on single frames. Its files are handed out on request: put one into the cache, or name the
# file. The features are the mean of the patches, not the class token.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(
        type='ImageViT',
        arch='base',
        img_size=224,
        patch_size=16,
        num_registers=4,
        position='rope',
        qkv_bias='no_key',
        norm_eps=1e-5,
    ),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            sample=dict(type='SampleEndToEndFrames', num_frames=10, _delete_=True),
        )
    )
)
