# CVRL's semi-supervised learning on 10 % of Kinetics-600: as on 1 %, for 50 epochs.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/kinetics600.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 50

model = dict(cls_head=dict(num_classes=600))
train_dataloader = dict(batch_size=32, dataset=_base_.kinetics600_10percent)
val_dataloader = dict(dataset=_base_.kinetics600_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.2))
param_scheduler = dict(warmup=0, T_max=max_epochs)
