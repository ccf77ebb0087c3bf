# Unlabelled videos for V-JEPA: a clip of 16 frames, 4 frames apart; V-JEPA 2 has 4 frames a second.
# A config sets `batch_size`.
#
# `data_root` holds the videos of all data sets. The authors draw from Kinetics-710, Something-
# Something v2 and HowTo100M with the weights 0.335, 0.100 and 0.565 (V-JEPA 2); the public config
# of V-JEPA has no weights. Here every row of the list is drawn once an epoch: rows that are
# repeated give a set a larger weight (a warning counts them).
data_root = '{{$VSSLBOX_VIDEOMIX:data/videomix2m}}'

train_dataloader = dict(
    num_workers=12,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='videomix2m_train_list_videos.txt',
        pipeline=dict(
            open=dict(type='OpenVideo'),
            # Short videos repeat their last frame.
            sample=dict(type='SampleRandomWindow', num_views=1, clip_len=16, down_sampling=4),
            decode=dict(type='DecodeViews'),
            augment=dict(
                type='AugmentViews',
                transforms=dict(
                    crop=dict(
                        type='RandomResizedCrop', size=224, area=(0.3, 1.0), ratio=(0.75, 1.35)
                    ),
                    flip=dict(type='RandomFlip', prob=0.5),
                ),
            ),
            pack=dict(type='PackViews'),
        ),
    ),
)
