# CVRL's semi-supervised learning on 1 % of Kinetics-600: 32 GPUs x 32 videos, 100 epochs,
# without warm-up, all of the network trained. The paper says no more: the decay of 0 is our choice.
# kinetics600.py says how to make the list.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/kinetics600.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=600))
train_dataloader = dict(batch_size=32, dataset=_base_.kinetics600_1percent)
val_dataloader = dict(dataset=_base_.kinetics600_test)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.2))
param_scheduler = dict(warmup=0)
