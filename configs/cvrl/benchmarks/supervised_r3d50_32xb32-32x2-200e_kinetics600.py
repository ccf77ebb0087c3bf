# The supervised reference of CVRL's tables on Kinetics-600, from scratch: 32 GPUs x 32 videos, 200
# epochs, rate 0.8, dropout 0.5, as in the paper. It gives no decay, so there is none; batch and
# warm-up are those of linear evaluation.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/datasets/kinetics600.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 200

model = dict(backbone=dict(init_cfg=None), cls_head=dict(num_classes=600, dropout_ratio=0.5))
train_dataloader = dict(batch_size=32, dataset=_base_.kinetics600_train)
val_dataloader = dict(dataset=_base_.kinetics600_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.8))
param_scheduler = dict(T_max=max_epochs)
