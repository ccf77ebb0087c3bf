# Fine-tuning on UCF101, split 1, after MoCo ("syn0"): BatchNorm with the statistics of each GPU.
_base_ = [
    '../../_base_/protocols/rho_benchmark.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=101, dropout_ratio=0.5))
colors = dict(
    grey=dict(type='RandomGrayscale', prob=0.2),
    jitter=dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=1.0,
        contrast_pivot='clip',
    ),
)
train_dataloader = dict(
    dataset=dict(_base_.ucf101_train, pipeline=dict(augment=dict(transforms=colors)))
)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = dict(dataset=_base_.ucf101_test)
optim_wrapper = dict(optimizer=dict(lr=0.005, weight_decay=1e-4))
