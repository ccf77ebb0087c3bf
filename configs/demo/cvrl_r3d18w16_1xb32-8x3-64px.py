# CVRL at the size of a demonstration: a 3D ResNet-18 of a quarter of the width, clips of 8 frames
# of 64x64 pixels, 3 frames apart. Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py --data-root path/to/videos
_base_ = [
    '../_base_/models/cvrl_r3d50.py',
    '../_base_/datasets/cvrl_pretrain.py',
    '../_base_/schedules/demo_adamw.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
max_epochs = 80

model = dict(
    backbone=dict(depth=18, base_channels=16, padding='symmetric'),
    # One hidden layer: with three, so short a training hardly learns.
    neck=dict(
        in_channels=128,
        hidden_channels=128,
        out_channels=64,
        num_layers=2,
        norm_cfg=dict(momentum=0.1),
        init_cfg=None,
    ),
)

# As in the paper's recipe, with half its jitter, the colours in the workers and a blur for small
# pictures. Padding, first weights and jitter are torch's: the published results have them.
colors = dict(
    jitter=dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        contrast_pivot='clip',
    ),
    grey=_base_.grey,
    blur=dict(type='GaussianBlur', sigma=(0.1, 0.6), prob=0.5),
)
train_dataloader = dict(
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        data_root=data_root,
        pipeline=dict(
            sample=dict(clip_len=8, frame_interval=3),
            # For both views.
            augment_first=dict(
                views=None, transforms=dict(crop=dict(size=64), defer=None, **colors)
            ),
            augment_second=None,
        ),
    ),
)

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
default_hooks = dict(checkpoint=dict(interval=20))
