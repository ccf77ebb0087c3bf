# Fine-tuning on Something-Something V2: a clip is one frame of each of 8 segments of the video, not
# flipped; the rate falls by 10 after epochs 14 and 18. The test takes the middle frame of each
# segment and one crop. The authors publish these settings with BatchNorm of each GPU alone.
_base_ = [
    '../../_base_/protocols/rho_benchmark.py',
    '../../_base_/datasets/sthv2.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=174, dropout_ratio=0.5))
segments = dict(_delete_=True, type='SampleRandomSegmentFrames', num_segments=8)
train_dataloader = dict(
    dataset=dict(
        _base_.sthv2_train,
        pipeline=dict(sample=segments, augment=dict(transforms=dict(flip=None))),
    )
)
middles = dict(type='SampleCentreSegmentFrames', num_segments=8)
one_crop = dict(_base_.val_pipeline, _delete_=True, sample=middles)
val_dataloader = dict(dataset=dict(_base_.sthv2_test, pipeline=one_crop))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=22, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=0.12, weight_decay=1e-6))
param_scheduler = [
    dict(
        type='WarmupLR',
        start_factor=1e-4 / 0.12,
        end=0.19,
        convert_to_iter_based=True,
    ),
    dict(type='MultiStepLR', milestones=[14, 18], gamma=0.1),
]
