# How good the backbone of the V-JEPA 2 demonstration is, on the mean of its tokens.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    backbone=dict(
        type='VideoViT',
        arch='tiny',
        embed_dims=96,
        depth=4,
        img_size=64,
        num_frames=16,
        patch_size=8,
        tubelet_size=4,
        position='rope',
        init_cfg=dict(type='DepthScaledNormal'),  # for a random start
    ),
)
sample = dict(clip_len=16, frame_interval=2)
test_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
test_cfg = dict(gallery_dataloader=test_dataloader)
