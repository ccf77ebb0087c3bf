# VCLR's video retrieval on HMDB51, split 1; see retrieval_r50_ucf101.py.
_base_ = 'retrieval_r50_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt'))
test_cfg = dict(
    protocol='vclr-retrieval-hmdb51-split1',
    gallery_dataloader=dict(
        dataset=dict(data_root=data_root, ann_file='hmdb51_train_split_1_videos.txt')
    ),
)
paper = dict(
    queries=1530,
    gallery=3570,
    metrics={
        'retrieval/label/R@1': 35.2,
        'retrieval/label/R@5': 58.4,
        'retrieval/label/R@10': 68.8,
        'retrieval/label/R@20': 79.8,
    },
)
