# Labelled videos of the demonstration for retrieval, kNN and a linear probe, as three clips per
# video: the test videos against the training videos. Only evaluation reads the labels.
data_root = '{{$VSSLBOX_DEMO:data/demo}}'
labels = ('appearance', 'motion', 'joint')

dataset = dict(
    type='VideoDataset',
    data_root=data_root,
    ann_file='videos.csv',
    where=dict(split='test'),
    pipeline=dict(
        open=dict(type='OpenVideo'),
        sample=dict(type='SampleUniformClips', num_clips=3, clip_len=8, frame_interval=3),
        decode=dict(type='DecodeViews'),
        augment=dict(
            type='AugmentViews', transforms=dict(resize=dict(type='Resize', size=(64, 64)))
        ),
        pack=dict(type='PackViews'),
    ),
    test_mode=True,
)
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dataset,
)
test_cfg = dict(
    type='GalleryTestLoop',
    gallery_dataloader=dict(test_dataloader, dataset=dict(dataset, where=dict(split='train'))),
)
retrieval = dict(type='RetrievalMetric', labels=labels, topk=(1, 5, 10, 20, 50))
knn = dict(type='KNNMetric', labels=labels, k=20)
# V-JEPA's attentive probe, as in the report card.
attentive = dict(
    type='AttentiveProbeMetric',
    labels=labels,
    lr=(3e-3, 1e-3, 3e-4),
    weight_decay=(0.01, 0.4),
    depth=1,
    batch_size=32,
)
test_evaluator = [retrieval, knn, dict(type='LinearProbeMetric', labels=labels)]
