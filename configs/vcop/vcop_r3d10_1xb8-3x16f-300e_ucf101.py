# Video clip order prediction on UCF101, the training videos of split 1 without their labels: three
# clips of 16 frames, 8 frames apart, in one of 6 orders; one GPU x 8 videos, 300 epochs.
#
# Following the authors' code, the rate is constant: it builds a schedule, but never steps it. The
# authors hold 800 videos out to choose the epoch.
_base_ = [
    '../_base_/models/pretext_networks.py',
    '../_base_/datasets/pretext_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/pretext_sgd.py',
    '../_base_/default_runtime.py',
]

# Neither mean nor deviation, neither flip nor colours.
model = dict(
    type='PretextClassifier',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=_base_.networks.r3d10,
    head=dict(
        type='TupleClsHead',
        in_channels=512,
        num_views=3,
        num_classes=6,
        pair_channels=512,
        dropout_ratio=0.5,
    ),
)
clips = dict(_delete_=True, type='SampleShuffledClips', num_clips=3, clip_len=16, gap=8)
train_dataloader = dict(
    batch_size=8, dataset=dict(_base_.ucf101_train, pipeline=dict(sample=clips))
)

train_cfg = dict(max_epochs=300)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=5e-4))
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(checkpoint=dict(interval=20))
