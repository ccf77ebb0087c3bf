# VCLR's fine-tuning on Something-Something V2 by TSM: 8 GPUs x 6 videos, 50 epochs; tested on the
# centres of 8 frames. TSM is TSN whose ResNet shifts an eighth of the channels to the next frame and
# an eighth to the one before, ahead of the first convolution of every block; frames are classified,
# then averaged.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

num_segments = 8

model = dict(
    # Without `pretrained2d=False` mmaction2 looks for weights in its own way.
    backbone=dict(
        type='mmaction.ResNetTSM', num_segments=num_segments, shift_div=8, pretrained2d=False
    ),
    cls_head=dict(
        type='mmaction.TSMHead',
        num_segments=num_segments,
        num_classes=174,
        dropout_ratio=0.5,
        init_std=0.001,
    ),
)
augment = dict(transforms=dict(crop=dict(num_positions=13)))
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=dict(augment=augment)))
# Norms and biases do not decay; biases have 2 times the rate, the classifier 5 times, its bias 10
# times.
optim_wrapper = dict(
    constructor='mmaction.TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(lr=0.0075, weight_decay=5e-4),
    clip_grad=dict(max_norm=20),
)
auto_scale_lr = dict(enable=False, base_batch_size=48)
