# CVRL's linear evaluation on HMDB51, split 1: 8 GPUs x 16 videos, 50 epochs, following
# appendix B.1 of the paper. It names no warm-up, so there is none; batch and crops are those of its
# fine-tuning.
_base_ = [
    '../../_base_/models/cvrl_r3d50_finetune.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/datasets/classification_32x2.py',
    '../../_base_/schedules/cvrl_benchmark_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True),
    cls_head=dict(type='NormalizedI3DHead', num_classes=51),
)
optim_wrapper = dict(optimizer=dict(lr=0.2))
train_dataloader = dict(batch_size=16, dataset={{_base_.hmdb51_train}})
val_dataloader = dict(dataset={{_base_.hmdb51_test}})
test_dataloader = val_dataloader
auto_scale_lr = dict(base_batch_size=128)
