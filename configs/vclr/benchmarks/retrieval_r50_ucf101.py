# VCLR's video retrieval on UCF101: split 1, queries from its test list, gallery its training list.
# 30 uniform frames, centre crop of 224, mean of the features, cosine similarity.
_base_ = '../../_base_/default_runtime.py'

data_root = '{{$VSSLBOX_UCF101:data/ucf101}}'

model = dict(type='FeatureExtractor', backbone=dict(type='mmaction.ResNet', depth=50))

queries = dict(
    type='VideoDataset',
    data_root=data_root,
    ann_file='ucf101_val_split_1_videos.txt',
    data_prefix=dict(video='videos'),
    pipeline=dict(
        open=dict(type='OpenVideo'),
        sample=dict(type='SampleEndToEndFrames', num_frames=30),
        decode=dict(type='DecodeViews'),
        # The paper resizes the short side to 256; the authors' frames are stretched to 340x256.
        augment=dict(
            type='AugmentViews',
            transforms=dict(
                resize=dict(type='Resize', size=(256, 340)), crop=dict(type='CenterCrop', size=224)
            ),
        ),
        pack=dict(type='PackViews'),
    ),
    test_mode=True,
)
gallery = dict(queries, ann_file='ucf101_train_split_1_videos.txt')
test_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=queries,
)
test_cfg = dict(
    type='GalleryTestLoop',
    protocol='vclr-retrieval-ucf101-split1',
    gallery_dataloader=dict(test_dataloader, dataset=gallery),
)
test_evaluator = [
    dict(type='RetrievalMetric', topk=(1, 5, 10, 20, 50)),
    dict(type='KNNMetric', k=20),
]
# What the paper reports; tools/evaluate.py shows it if the same number of videos is evaluated.
paper = dict(
    source='VCLR pretrained on Kinetics-400',
    queries=3783,
    gallery=9537,
    metrics={
        'retrieval/label/R@1': 70.6,
        'retrieval/label/R@5': 80.1,
        'retrieval/label/R@10': 86.3,
        'retrieval/label/R@20': 90.7,
    },
)
