# Detection at the size of a demonstration, from scratch, on the data set of
# tools/data/make_demo_detections.py: 4 shapes and 4 motions, clips of 8 frames, 3 frames apart.
_base_ = [
    '../_base_/models/cvrl_r3d50_detection.py',
    '../_base_/datasets/ava.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO_DETECTIONS:data/demo_detections}}'
max_epochs = 12

model = dict(
    backbone=dict(
        depth=18,
        base_channels=8,
        padding='symmetric',
        init_cfg=None,
        # The sprites are small: 1 position for 8 pixels.
        spatial_strides=(1, 2, 1, 1),
        dilations=(1, 1, 1, 1),
    ),
    roi_head=dict(featmap_stride=8, roi_size=6, bbox_head=dict(in_channels=64, num_classes=9)),
)

sampling = dict(open=dict(type='OpenVideo'), sample=dict(clip_len=8, frame_interval=3))
crops = dict(resize=dict(low=96, high=112), crop=dict(size=96))
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
        pipeline=dict(sampling, augment=dict(transforms=crops)),
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    dataset=dict(
        **videos,
        ann_file='annotations/ava_val.csv',
        proposal_file='annotations/ava_proposals_val.pkl',
        pipeline=dict(sampling, augment=None),
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

train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='detection')
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = dict(warmup=1, T_max=max_epochs)
