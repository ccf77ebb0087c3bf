# SEVERE, another task: all actions of a video of Charades at once, by the protocol of SlowFast, on
# clips of 32 frames, 8 apart; the test takes the largest probability of 10 clips x 3 crops. The
# tenth of the rate at which the warm-up starts is a choice.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/charades.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 57
model = dict(
    cls_head=dict(
        _delete_=True,
        type='MaxClipsI3DHead',
        num_classes=157,
        in_channels=512,
        dropout_ratio=0.5,
        loss_cls=dict(type='mmaction.BCELossWithLogits'),
    ),
)
clip = dict(_delete_=True, clip_len=32, frame_interval=8)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        _base_.charades_train,
        pipeline=dict(sample=dict(type='SampleRandomClip', **clip)),
    ),
)
val_dataloader = dict(
    batch_size=1,
    dataset=dict(
        _base_.charades_test,
        pipeline=dict(
            sample=dict(type='SampleUniformClips', num_clips=10, **clip),
            augment=dict(transforms=dict(crop=None)),
            crops=dict(_delete_=True, type='ThreeCrops', size=112),
        ),
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(metric_list='mean_average_precision')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=max_epochs, val_interval=10)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=0.0375, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=4, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[41, 49]),
]
auto_scale_lr = dict(base_batch_size=16)
