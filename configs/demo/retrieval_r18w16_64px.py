# What the demonstration's backbone is worth: each test video looks for its nearest neighbours
# among the training videos. Labels are read here and nowhere before.
_base_ = '../_base_/default_runtime.py'

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
labels = ('appearance', 'motion', 'joint')

model = dict(
    type='FeatureExtractor',
    backbone=dict(type='NarrowResNet', depth=18, base_channels=16),
)
test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleEndToEndFrames', num_frames=10),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
    dict(type='PackViews'),
]
dataset = dict(
    type='VideoDataset',
    data_root=data_root,
    ann_file='videos.csv',
    where=dict(split='test'),
    pipeline=test_pipeline,
    test_mode=True,
)
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dataset,
)
gallery_dataloader = dict(test_dataloader, dataset=dict(dataset, where=dict(split='train')))
test_cfg = dict(type='GalleryTestLoop', gallery_dataloader=gallery_dataloader)
test_evaluator = [
    dict(type='RetrievalMetric', labels=labels, topk=(1, 5, 10, 20, 50)),
    dict(type='KNNMetric', labels=labels, k=20),
]
