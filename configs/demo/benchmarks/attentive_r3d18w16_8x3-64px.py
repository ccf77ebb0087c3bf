# Attentive probes on the frozen network of the CVRL demonstration, for 4 motions, trained on
# augmented clips. `VSSLBOX_CVRL` names its checkpoint; for a random start, add
# `--cfg-options model.backbone.init_cfg=None`. A fifth of the training videos chooses the probe.
_base_ = '../../_base_/protocols/attentive_probe.py'

data_root = '{{$VSSLBOX_DEMO:data/demo}}'
start_weights = '{{$VSSLBOX_CVRL:weights/cvrl_r3d50.pth}}'
max_epochs = 30

model = dict(
    data_preprocessor=dict(mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(
        type='R3DResNet',
        depth=18,
        base_channels=16,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    in_channels=128,
    num_classes=4,
    settings=[dict(lr=lr, weight_decay=wd) for lr in (3e-3, 1e-3, 3e-4) for wd in (0.01, 0.4)],
    num_clips=3,
    depth=1,
)
clips = dict(num_clips=3, clip_len=8, frame_interval=3)
crop = dict(crop=dict(size=64, area=(0.5, 1.0)), rand_augment=None)
videos = dict(data_root=data_root, ann_file='videos.csv', where=dict(split='train'), label='motion')
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    pin_memory=False,
    dataset=dict(
        videos,
        indices=288,
        pipeline=dict(sample=clips, augment=dict(transforms=crop)),
    ),
)
middle = dict(
    sample=clips,
    augment=dict(transforms=dict(resize=dict(_delete_=True, type='Resize', size=(64, 64)))),
    crops=None,
)
val_dataloader = dict(
    batch_size=32, num_workers=1, dataset=dict(videos, indices=-72, pipeline=middle)
)
test_dataloader = dict(
    batch_size=32,
    num_workers=1,
    dataset=dict(videos, where=dict(split='test'), pipeline=middle),
)
val_evaluator = test_evaluator = dict(topk=(1,))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(T_max=max_epochs)
