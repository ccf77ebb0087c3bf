# Shuffle and Learn on UCF101, the training videos of split 1 without their labels: three frames of
# 227x227 pixels in or out of order; one GPU x 128 videos, 100 000 steps.
#
# Optimizer, network, size and mean follow the authors' code. It reads a fixed list of triples; here
# each video gives a new triple in each epoch. The distances and the share of the triples in order
# are from memory of the paper, its best setting.
_base_ = [
    '../_base_/datasets/pretext_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/pretext_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='PretextClassifier',
    data_preprocessor=dict(
        type='ViewsPreprocessor', mean=[123.68, 116.779, 103.939], std=[1, 1, 1]
    ),
    backbone=dict(type='CaffeNet', fc_channels=4096, dropout_ratio=0.5),
    head=dict(
        type='TupleClsHead',
        in_channels=4096,
        num_views=3,
        num_classes=2,
        init_cfg=dict(type='Xavier', layer='Linear', distribution='uniform'),
    ),
)
# The authors resize the longer side of the frames of UCF101, which have 320x240 pixels, to 340.
transforms = dict(resize=dict(size=(255, 340)), crop=dict(size=227))
steps = dict(
    sample=dict(_delete_=True, type='SampleFrameTriples', span=60, offset=15, positive_share=0.25),
    augment=dict(transforms=transforms),
)
train_dataloader = dict(batch_size=128, dataset=dict(_base_.ucf101_train, pipeline=steps))

# An epoch has 74 steps for 9537 videos: 100 048 in all.
train_cfg = dict(max_epochs=1352)
optim_wrapper = dict(
    optimizer=dict(lr=1e-3, weight_decay=5e-4),
    paramwise_cfg=dict(bias_lr_mult=2, bias_decay_mult=0),
)
param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[80000], gamma=0.1)
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(interval=50))
