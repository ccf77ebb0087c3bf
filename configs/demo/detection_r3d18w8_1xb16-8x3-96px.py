# Detection at the size of a demonstration, from scratch, on the data set of
# tools/data/make_demo_detections.py: 4 shapes and 4 motions, clips of 8 frames, 3 frames apart.
_base_ = [
    '../_base_/models/cvrl_r3d50_detection.py',
    '../_base_/datasets/ava.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO_DETECTIONS:data/demo_detections}}'
max_epochs = 12

model = dict(
    backbone=dict(
        depth=18,
        base_channels=8,
        init_cfg=None,
        # The sprites are small: 1 position for 8 pixels.
        spatial_strides=(1, 2, 1, 1),
        dilations=(1, 1, 1, 1),
    ),
    roi_head=dict(featmap_stride=8, roi_size=6, bbox_head=dict(in_channels=64, num_classes=9)),
)

loading = [
    dict(type='OpenVideo'),
    dict(type='SampleKeyFrameClip', clip_len=8, frame_interval=3),
    dict(type='DecodeViews'),
]
train_pipeline = [
    *loading,
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='RandomShortSide', low=96, high=112),
            dict(type='RandomCrop', size=96),
            dict(type='RandomFlip', prob=0.5),
        ],
    ),
    dict(type='PackDetection'),
]
val_pipeline = [*loading, dict(type='PackDetection')]

videos = dict(
    data_root=data_root,
    label_file='annotations/ava_action_list.pbtxt',
    exclude_file=None,
    data_prefix=dict(img='videos'),
    use_frames=False,
    timestamp_start=0,
    num_classes=9,
)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        **videos,
        ann_file='annotations/ava_train.csv',
        proposal_file='annotations/ava_proposals_train.pkl',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    dataset=dict(
        **videos,
        ann_file='annotations/ava_val.csv',
        proposal_file='annotations/ava_proposals_val.pkl',
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    data_root=data_root,
    ann_file='annotations/ava_val.csv',
    label_file='annotations/ava_action_list.pbtxt',
    exclude_file=None,
    num_classes=9,
)
test_evaluator = val_evaluator

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='detection')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, T_max=max_epochs, convert_to_iter_based=True)
]
