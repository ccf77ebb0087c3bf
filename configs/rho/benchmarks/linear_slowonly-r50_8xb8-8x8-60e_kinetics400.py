# Linear evaluation on Kinetics-400: 60 epochs, the first 8 of them warm-up from 0.
#
# Following the authors' code, only the classifier learns, but the backbone stays in training mode:
# BatchNorm normalises by the batch of each GPU and updates its statistics. A backbone that does not
# change at all is faster:
#
#     --cfg-options model.backbone.frozen_stages=4 model.backbone.norm_eval=True
_base_ = [
    '../../_base_/protocols/rho_benchmark.py',
    '../../_base_/datasets/kinetics400.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 60

model = dict(cls_head=dict(num_classes=400, dropout_ratio=0))
train_dataloader = dict(dataset=_base_.kinetics400_train)
val_dataloader = dict(dataset=_base_.kinetics400_test)
test_dataloader = dict(dataset=_base_.kinetics400_test)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(
    optimizer=dict(lr=0.5, weight_decay=0),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0))),
)
param_scheduler = dict(warmup=8, T_max=max_epochs)
