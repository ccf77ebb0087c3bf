# CVRL's linear evaluation on UCF101, split 1: 8 GPUs x 16 videos, 50 epochs, following
# appendix B.1 of the paper. It names no warm-up, so there is none; batch and crops are those of its
# fine-tuning.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 50

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True),
    cls_head=dict(type='NormalizedI3DHead', num_classes=101),
)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.8))
param_scheduler = dict(warmup=0, T_max=max_epochs)
train_dataloader = dict(batch_size=16, dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
auto_scale_lr = dict(base_batch_size=128)
