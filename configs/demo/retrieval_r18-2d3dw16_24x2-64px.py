# How good the backbone of the DPC demonstration is.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(type='FeatureExtractor', backbone=dict(type='ResNet2d3d', base_channels=16))
sample = dict(clip_len=24, frame_interval=2)
test_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
test_cfg = dict(gallery_dataloader=test_dataloader)
