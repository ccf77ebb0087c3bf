# SeCo on Kinetics-400: 4 GPUs x 128 videos, 400 epochs, from MoCo-v2's weights of ImageNet. Queue,
# temperatures, augmentation and schedule are those of VCLR, which took them from SeCo.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/vclr_sgd_400e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    _delete_=True,
    type='SeCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    inter=_base_.model.inter,
    intra=_base_.model.intra,
    order=dict(type='TupleClsHead', num_classes=2, in_channels=128),
    momentum=0.999,
)
train_dataloader = dict(
    batch_size=128,
    dataset=dict(
        _base_.kinetics400_train,
        pipeline=dict(sample=dict(_delete_=True, type='SampleHalves'), order=None),
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.2))
auto_scale_lr = dict(base_batch_size=512)
default_hooks = dict(checkpoint=dict(interval=10))
