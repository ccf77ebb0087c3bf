# CVRL's fine-tuning on UCF101, split 1: 8 GPUs x 16 videos, 50 epochs, crops and flips only.
# The paper gives neither decay nor dropout nor warm-up, and there is no code: all three are 0 here.
_base_ = [
    '../../_base_/protocols/cvrl_benchmark.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 50

model = dict(cls_head=dict(num_classes=101))
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.16))
param_scheduler = dict(warmup=0, T_max=max_epochs)
train_dataloader = dict(batch_size=16, dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
auto_scale_lr = dict(base_batch_size=128)
