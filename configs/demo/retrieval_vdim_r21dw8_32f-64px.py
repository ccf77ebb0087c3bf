# How good the features of the VDIM demonstration are: those of its encoder and the projection of
# the last layer, as the mean of two clips per video.
_base_ = [
    '../_base_/models/demo_vdim_layers.py',
    '../_base_/datasets/demo_retrieval.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='FeatureExtractor',
    backbone=dict(
        type='ProjectedBackbone',
        backbone=dict(type='VDIMEncoder', base_channels=8, extra_blocks=1, layers=_base_.layers),
        neck=dict(type='ResidualMLPNeck', in_channels=64, out_channels=64),
        layer=7,
    ),
)
sample = dict(num_clips=2, clip_len=32, frame_interval=1)
test_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
test_cfg = dict(gallery_dataloader=test_dataloader)
