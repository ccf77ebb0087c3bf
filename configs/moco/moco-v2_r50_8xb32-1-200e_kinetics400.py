# MoCo-v2 on the frames of Kinetics-400: two augmentations of one frame, 8 GPUs x 32 videos, 200
# epochs from scratch. An epoch sees one frame of each video. On ImageNet, with these settings,
# these are the start weights of VCLR and SeCo, zoo://moco_v2_r50_imagenet.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/default_runtime.py',
]

max_epochs = 200

model = dict(
    _delete_=True,
    type='MoCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='mmaction.ResNet', depth=50, norm_eval=False),
    neck=dict(type='MLPNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    head=dict(
        type='QueueContrastHead',
        queue=dict(_base_.queue, size=65536),
        loss=dict(type='InfoNCELoss', temperature=0.2),
    ),
    momentum=0.999,
)
one_frame = dict(_delete_=True, type='SampleTemporalInterval', clip_len=1, law='same')
train_dataloader = dict(
    dataset=dict(_base_.kinetics400_train, pipeline=dict(sample=one_frame, order=None))
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4)
)
# The authors' rate changes with every epoch.
param_scheduler = dict(type='CosineAnnealingLR', T_max=max_epochs)
auto_scale_lr = dict(enable=False, base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=10))
