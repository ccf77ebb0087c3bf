# VCLR's fine-tuning on Something-Something V2 by TSM: 8 GPUs x 6 videos, 50 epochs; tested on the
# centres of 8 frames.
_base_ = [
    '../../_base_/models/tsm_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=174, dropout_ratio=0.5, init_std=0.001))
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomSegmentFrames', num_segments=8),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='Resize', short_side=256),
            dict(
                type='MultiScaleCrop',
                size=224,
                scales=(1, 0.875, 0.75, 0.66),
                max_scale_gap=1,
                num_positions=13,
            ),
        ],
    ),
    dict(type='PackFrames'),
]
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
# Norms and biases do not decay; biases have 2 times the rate, the classifier 5 times, its bias 10
# times.
optim_wrapper = dict(
    constructor='mmaction.TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(lr=0.0075, weight_decay=5e-4),
    clip_grad=dict(max_norm=20),
)
auto_scale_lr = dict(enable=False, base_batch_size=48)
