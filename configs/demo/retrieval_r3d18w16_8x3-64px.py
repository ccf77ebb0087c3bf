# What the backbone of the CVRL demonstration is worth: retrieval, kNN and a linear probe, each on
# the mean feature of three clips a video. Labels are read here and nowhere before.
_base_ = './retrieval_r18w16_64px.py'

labels = ('appearance', 'motion', 'joint')

model = dict(
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(_delete_=True, type='R3DResNet', depth=18, base_channels=16),
)
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=3, clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
    dict(type='PackViews'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
gallery_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_cfg = dict(gallery_dataloader=gallery_dataloader)
test_evaluator = [
    dict(type='RetrievalMetric', labels=labels, topk=(1, 5, 10, 20, 50)),
    dict(type='KNNMetric', labels=labels, k=20),
    dict(type='LinearProbeMetric', labels=labels),
]
