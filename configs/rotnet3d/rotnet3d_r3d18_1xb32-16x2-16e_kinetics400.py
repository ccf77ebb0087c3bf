# 3D-RotNet on Kinetics-400: clips of 16 frames, 2 apart, in four rotations each; one GPU x 32
# videos.
#
# Following the authors' code. It does not say when it ends: its rate falls every 24 000 steps, and
# its newest checkpoint is of step 116 000. Here it ends with the epoch near 120 000, 16 of 7 500.
_base_ = [
    '../_base_/models/pretext_networks.py',
    '../_base_/datasets/pretext_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/pretext_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='PretextClassifier',
    data_preprocessor=dict(
        type='ViewsPreprocessor',
        mean=[110.6445, 103.173, 96.288],
        std=[38.756685, 37.88025, 40.0095],
    ),
    backbone=_base_.networks.hara18,
    head=dict(type='MLPNeck', in_channels=512, out_channels=4, num_layers=1),
)
# The size of the authors' frames is not known: 128x171 is a choice.
transforms = dict(
    _delete_=True,
    resize=dict(type='Resize', size=(128, 171)),
    turn=dict(type='RandomRotation', degrees=(-10, 10)),
    crop=dict(type='RandomCrop', size=112),
    flip=dict(type='RandomFlip', prob=0.5),
)
steps = dict(
    sample=dict(clip_len=16, frame_interval=2),
    augment=dict(transforms=transforms),
    rotate=dict(_delete_=True, type='RotateViews'),
)
train_dataloader = dict(batch_size=32, dataset=dict(_base_.kinetics400_train, pipeline=steps))

train_cfg = dict(max_epochs=16)
optim_wrapper = dict(optimizer=dict(lr=0.1, weight_decay=1e-3))
param_scheduler = dict(
    type='MultiStepLR', by_epoch=False, milestones=[24000, 48000, 72000, 96000], gamma=0.1
)
auto_scale_lr = dict(base_batch_size=32)
