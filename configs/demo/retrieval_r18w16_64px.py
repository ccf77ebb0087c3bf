# How good the backbone of the VCLR demonstration is, on the mean feature of ten frames per video.
_base_ = ['../_base_/datasets/demo_retrieval.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    backbone=dict(type='NarrowResNet', depth=18, base_channels=16),
)
frames = dict(type='SampleEndToEndFrames', num_frames=10)
test_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(frames, _delete_=True))))
test_cfg = dict(
    gallery_dataloader=dict(dataset=dict(pipeline=dict(sample=dict(frames, _delete_=True))))
)
test_evaluator = [_base_.retrieval, _base_.knn]
