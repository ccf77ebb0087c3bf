# Spatio-temporal detection on AVA v2.2, after MoCo: 8 GPUs x 8 clips of 8 frames, 8 apart; the rate
# falls by 10 after epochs 16, 24 and 28.
_base_ = [
    '../../_base_/models/cvrl_r3d50_detection.py',
    '../../_base_/datasets/ava.py',
    '../../_base_/schedules/cvrl_detection_12e.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_RHO:weights/rho_slowonly_r50.pth}}'

# `R3DResNet` with this stem is SlowOnly, and reads its `init_cfg`.
model = dict(
    data_preprocessor=dict(mean=[114.75] * 3, std=[57.375] * 3),
    backbone=dict(
        padding='symmetric',
        conv1_kernel=(1, 7, 7),
        conv1_stride_t=1,
        init_cfg=dict(checkpoint=start_weights),
    ),
    roi_head=dict(roi_size=7, bbox_head=dict(dropout_ratio=0.5)),
)
clip = dict(pipeline=dict(sample=dict(clip_len=8, frame_interval=8)))
train_dataloader = dict(batch_size=8, dataset=clip)
val_dataloader = dict(dataset=clip)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=32)
optim_wrapper = dict(
    optimizer=dict(lr=0.3, weight_decay=1e-7, nesterov=True),
    paramwise_cfg=dict(norm_decay_mult=0),
)
param_scheduler = [
    dict(type='WarmupLR', start_factor=0.0005 / 0.3, end=5.3, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[16, 24, 28], gamma=0.1),
]
auto_scale_lr = dict(base_batch_size=64)
