# Kinetics-400 for VIE: training videos, and validation videos by which one watches it learn.
_base_ = './vie_pretrain.py'

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)

# How many validation videos get their label from the nearest entries of the bank: `knn/top1` in the
# log. The labels of both lists serve this number alone; `tools/train.py --no-validate` switches it
# off.
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, clip_len=16, frame_interval=1),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', short_side=128), dict(type='CenterCrop', size=112)],
    ),
    dict(type='PackViews'),
]
val_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='kinetics400_val_list_videos.txt',
        data_prefix=dict(video='videos_val'),
        pipeline=val_pipeline,
    ),
)
val_cfg = dict(type='BankKNNLoop', k=10, temperature=0.07)
val_evaluator = []  # the loop judges by itself
