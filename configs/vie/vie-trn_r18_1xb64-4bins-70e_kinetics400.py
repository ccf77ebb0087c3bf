# VIE-TRN on Kinetics-400: one GPU x 64 videos, 70 epochs from the finished VIE-Single on.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/datasets/vie_kinetics400_224.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

# The network of the frames and the bank are those of a checkpoint of VIE-Single's training, on the
# same list; only the embedding, which sees four frames, is new. Local aggregation begins at once.
start_weights = '{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'

model = dict(
    init_cfg=dict(type='vsslbox.PretrainedBank', checkpoint=start_weights),
    backbone=dict(
        _delete_=True,
        type='FrameConcat',
        backbone=dict(
            type='PreActResNet3d',
            conv1_kernel_t=1,
            pool1_t=(1, 1),
            kernels_t=[(1, 1)] * 4,
            strides_t=(1, 1, 1, 1),
            init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
        ),
    ),
    neck=dict(in_channels=4 * 512),
    warmup_loss=None,
    warmup_steps=0,
)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleBinnedFrames', num_bins=4, max_bin_len=12),
    dict(type='DecodeViews'),
    {{_base_.change_geometry}},
    {{_base_.change_colors}},
    dict(type='PackViews'),
]
# Frames as far apart as the middles of the bins.
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, clip_len=4, frame_interval=12),
    dict(type='DecodeViews'),
    {{_base_.crop_center}},
    dict(type='PackViews'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# The authors' counter of steps goes on from VIE-Single's, 1 375 000 by all signs; the rate falls at
# 1 455 011 and 1 570 011. Where they stopped is not known.
train_cfg = dict(max_epochs=70)
param_scheduler = dict(milestones=[21, 52])
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=5))
