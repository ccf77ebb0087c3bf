# Pace prediction at the size of a demonstration: a 3D ResNet-18 of a quarter of the width, clips of
# 8 frames of 64x64 pixels at one of four paces. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/pace_r3d18w16_1xb32-8f-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/demo_pretext_r3d18.py',
    '../_base_/datasets/pretext_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 30

model = dict(head=dict(type='MLPNeck', in_channels=128, out_channels=4, num_layers=1))

transforms = dict(
    resize=None,
    crop=dict(_delete_=True, type='RandomResizedCrop', size=64, area=(0.5, 1.0)),
    flip=dict(type='RandomFlip', prob=0.5),
    jitter=dict(
        type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8
    ),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(_delete_=True, type='SampleRandomPace', clip_len=8, paces=(1, 2, 3, 4)),
            augment=dict(transforms=transforms),
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=2, T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=10))
