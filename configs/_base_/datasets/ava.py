# AVA v2.2 in the layout of tools/data/ava: clips of 32 frames, 2 frames apart, around key frames.
data_root = '{{$VSSLBOX_AVA:data/ava}}'

label_file = 'annotations/ava_action_list_v2.2_for_activitynet_2019.pbtxt'
val_lists = dict(
    data_root=data_root,
    ann_file='ava_val_v2.2.csv',
    exclude_file='annotations/ava_val_excluded_timestamps_v2.2.csv',
    label_file=label_file,
)

# The paper gives no augmentation; this is SlowFast's.
transforms = dict(
    resize=dict(type='RandomShortSide', low=256, high=320),
    crop=dict(type='RandomCrop', size=224),
    flip=dict(type='RandomFlip', prob=0.5),
)
train_pipeline = dict(
    open=dict(type='OpenFrames'),
    sample=dict(type='SampleKeyFrameClip', clip_len=32, frame_interval=2),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=transforms),
    pack=dict(type='PackDetection'),
)
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='AVADataset',
        data_root=data_root,
        ann_file='ava_train_v2.2.csv',
        exclude_file='annotations/ava_train_excluded_timestamps_v2.2.csv',
        label_file=label_file,
        # Training uses the proposals that overlap with an annotated box by 0.9.
        proposal_file='annotations/ava_dense_proposals_train.FAIR.recall_93.9.pkl',
        person_det_score_thr=0.9,
        data_prefix=dict(img='rawframes'),
        pipeline=train_pipeline,
    ),
)
# `key_frames='proposed'` evaluates all seconds in which the detector found a person, as SlowFast
# does. `'annotated'` follows mmaction2: it leaves out the seconds without an annotation, where
# every detection would be wrong, so its mAP is somewhat higher.
val_dataloader = dict(
    batch_size=1,  # the frames of the videos differ in shape
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='AVADataset',
        **val_lists,
        proposal_file='annotations/ava_dense_proposals_val.FAIR.recall_93.9.pkl',
        person_det_score_thr=0.9,
        key_frames='proposed',
        data_prefix=dict(img='rawframes'),
        pipeline=dict(
            train_pipeline,
            augment=dict(
                type='AugmentViews', transforms=dict(resize=dict(type='Resize', short_side=256))
            ),
        ),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='AVAMetric', **val_lists)
test_evaluator = val_evaluator
