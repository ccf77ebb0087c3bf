# VCOP's video retrieval on UCF101: split 1, queries from its test list, gallery its training list.
# 10 clips of 16 frames, centre crop of 112, mean of the features of the clips, cosine similarity.
_base_ = [
    '../../_base_/models/pretext_networks.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=_base_.networks.r3d10,
)

dataset = dict(
    type='VideoDataset',
    pipeline=dict(
        open=dict(type='OpenVideo'),
        sample=dict(type='SampleUniformClips', num_clips=10, clip_len=16),
        decode=dict(type='DecodeViews'),
        augment=dict(
            type='AugmentViews',
            transforms=dict(
                resize=dict(type='Resize', size=(128, 171)), crop=dict(type='CenterCrop', size=112)
            ),
        ),
        pack=dict(type='PackViews'),
    ),
    test_mode=True,
)
test_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(_base_.ucf101_test, **dataset),
)
test_cfg = dict(
    type='GalleryTestLoop',
    protocol='vcop-retrieval-ucf101-split1',
    gallery_dataloader=dict(test_dataloader, dataset=dict(_base_.ucf101_train, **dataset)),
)
test_evaluator = [
    dict(type='RetrievalMetric', topk=(1, 5, 10, 20, 50)),
    dict(type='KNNMetric', k=20),
]
