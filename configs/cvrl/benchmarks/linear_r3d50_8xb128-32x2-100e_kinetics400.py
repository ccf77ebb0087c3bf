# CVRL's linear evaluation on Kinetics-400: 8 GPUs x 128 videos, 100 epochs. The backbone is frozen,
# its BatchNorm in inference mode, and a linear classifier sees its features scaled to length 1. The
# rate of 32 is not a misprint: features of length 1 have small gradients.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/kinetics400.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True),
    cls_head=dict(type='NormalizedI3DHead', num_classes=400),
)
train_dataloader = dict(batch_size=128, dataset=_base_.kinetics400_train)
val_dataloader = dict(dataset=_base_.kinetics400_test)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=32))
