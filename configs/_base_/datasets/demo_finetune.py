# Labelled videos of the demonstration. `labels` is the list for training, all of it or the subset
# that tools/data/make_subset.py takes of it. A child sets the pipelines.
data_root = '{{$VSSLBOX_DEMO:data/demo}}'
labels = '{{$VSSLBOX_DEMO_LABELS:videos.csv}}'

videos = dict(type='VideoDataset', data_root=data_root, label='motion')
train_dataloader = dict(
    batch_size=9,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(videos, ann_file=labels, where=dict(split='train')),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(videos, ann_file='videos.csv', where=dict(split='test'), test_mode=True),
)
test_evaluator = dict(type='mmaction.AccMetric')
