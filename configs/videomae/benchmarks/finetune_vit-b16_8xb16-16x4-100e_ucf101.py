# VideoMAE's fine-tuning of ViT-B on UCF101, split 1: 8 GPUs x 16 videos, 100 epochs.
_base_ = [
    '../../_base_/protocols/videomae_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 100

augments = [dict(_base_.mixup, num_classes=101), dict(_base_.cutmix, num_classes=101)]
model = dict(
    data_preprocessor=dict(blending=dict(augments=augments)),
    backbone=dict(drop_path_rate=0.2, with_cp=True),
    cls_head=dict(num_classes=101, dropout_ratio=0.5),
)
train_dataloader = dict(batch_size=16, dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = dict(dataset=_base_.ucf101_test)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.7), optimizer=dict(lr=2.5e-4))  # 5e-4 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs, eta_min_ratio=0.02)]
auto_scale_lr = dict(base_batch_size=128)
