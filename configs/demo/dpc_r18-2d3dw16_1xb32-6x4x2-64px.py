# DPC at the size of a demonstration: a 2d3d ResNet-18 of a quarter of the width, 6 blocks of 4
# frames of 64x64 pixels, 2 frames apart, of which the last 2 are predicted. Pretrain on a folder of
# your own videos:
#
#     python tools/train.py configs/demo/dpc_r18-2d3dw16_1xb32-6x4x2-64px.py \
#         --data-root path/to/videos
_base_ = [
    '../_base_/models/dpc_r18.py',
    '../_base_/datasets/dpc_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 40

# With statistics, so that the features of a video do not depend on its batch.
model = dict(
    backbone=dict(base_channels=16, norm_cfg=dict(track_running_stats=True)),
    prediction=dict(channels=64, num_predicted=2),
    num_blocks=6,
)
colors = dict(
    jitter=dict(
        type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8
    ),
    grey=dict(type='RandomGrayscale', prob=0.2),
)
crop = dict(_delete_=True, type='RandomResizedCrop', size=64, area=(0.5, 1.0))
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(clip_len=24, frame_interval=2),
            augment=dict(transforms=dict(crop=crop, resize=None, defer=None, **colors)),
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=10))
