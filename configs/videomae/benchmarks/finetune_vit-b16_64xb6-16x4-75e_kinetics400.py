# VideoMAE's fine-tuning of ViT-B on Kinetics-400: 64 GPUs x 6 videos, 75 epochs.
_base_ = [
    '../../_base_/protocols/videomae_finetune.py',
    '../../_base_/datasets/kinetics400.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 75

augments = [dict(_base_.mixup, num_classes=400), dict(_base_.cutmix, num_classes=400)]
model = dict(
    data_preprocessor=dict(blending=dict(augments=augments)), cls_head=dict(num_classes=400)
)
train_dataloader = dict(batch_size=6, dataset=_base_.kinetics400_train)
val_dataloader = dict(dataset=_base_.kinetics400_test)
test_dataloader = dict(dataset=_base_.kinetics400_test)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=7.5e-4))  # 5e-4 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
auto_scale_lr = dict(base_batch_size=384)
