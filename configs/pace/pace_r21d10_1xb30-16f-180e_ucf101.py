# Pace prediction on UCF101, the training videos of split 1 without their labels: one clip of 16
# frames at one of four paces; one GPU x 30 videos.
#
# An epoch of the authors' code passes ten times through the list: its 18 epochs, after 6 and 12 of
# which the rate falls, are 180 here. Of the paper's losses the code has the classification only.
_base_ = [
    '../_base_/models/pretext_networks.py',
    '../_base_/datasets/pretext_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/pretext_sgd.py',
    '../_base_/default_runtime.py',
]

# Following the authors' code, values are in [0, 255].
model = dict(
    type='PretextClassifier',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[1, 1, 1]),
    backbone=_base_.networks.r21d10,
    head=dict(type='MLPNeck', in_channels=512, out_channels=4, num_layers=1),
)
# The colours of each frame change on their own. `Defer` leaves them to the model's device; on a
# CPU, list them without it.
jitter = dict(
    type='ColorJitter',
    brightness=0.8,
    contrast=0.8,
    saturation=0.8,
    hue=0.2,
    prob=0.8,
    consistent=False,
)
steps = dict(
    sample=dict(_delete_=True, type='SampleRandomPace', clip_len=16, paces=(1, 2, 3, 4)),
    augment=dict(
        transforms=dict(
            flip=dict(type='RandomFlip', prob=0.5),
            defer=dict(type='Defer', transforms=dict(jitter=jitter)),
        )
    ),
)
train_dataloader = dict(batch_size=30, dataset=dict(_base_.ucf101_train, pipeline=steps))

train_cfg = dict(max_epochs=180)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=5e-3))
param_scheduler = dict(type='MultiStepLR', milestones=[60, 120], gamma=0.1)
auto_scale_lr = dict(base_batch_size=30)
default_hooks = dict(checkpoint=dict(interval=10))
