# VideoMAE's fine-tuning of ViT-H on Kinetics-400: 64 GPUs x 8 videos, 50 epochs.
_base_ = './finetune_vit-b16_64xb6-16x4-75e_kinetics400.py'

max_epochs = 50

model = dict(
    backbone=dict(arch='huge', drop_path_rate=0.2, with_cp=True),
    cls_head=dict(in_channels=1280, dropout_ratio=0.5),
)
train_dataloader = dict(batch_size=8)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=2e-3))  # 1e-3 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs, eta_min_ratio=0.01)]
auto_scale_lr = dict(base_batch_size=512)
