# VIE-Single on Kinetics-400: one GPU x 128 videos, 734 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_pretrain.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

model = dict(
    backbone=dict(conv1_kernel_t=1, pool1_t=(1, 1), kernels_t=[(1, 1)] * 4, strides_t=(1, 1, 1, 1))
)
augmentation = [
    dict(type='RandomShortSide', low=256, high=319),
    dict(type='RandomCrop', size=224),
    dict(type='RandomFlip', prob=0.5),
]
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=1, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=augmentation),
    dict(type='AugmentViews', transforms={{_base_.colors}}),
    dict(type='PackViews'),
]
train_dataloader = dict(
    batch_size=128,
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
        pipeline=train_pipeline,
    ),
)

train_cfg = dict(max_epochs=734)
param_scheduler = dict(milestones=[544, 651])
default_hooks = dict(checkpoint=dict(interval=5))
