# How good the backbone of the demonstration of CoCLR's InfoNCE is.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(type='FeatureExtractor', backbone=dict(type='S3D', width=0.25, stem_stride_t=1))
sample = dict(clip_len=16, frame_interval=2)
test_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
test_cfg = dict(gallery_dataloader=test_dataloader)
