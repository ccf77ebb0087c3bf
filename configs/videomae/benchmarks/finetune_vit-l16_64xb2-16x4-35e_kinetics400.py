# VideoMAE's fine-tuning of ViT-L on Kinetics-400: 64 GPUs x 2 videos, 35 epochs.
_base_ = './finetune_vit-b16_64xb6-16x4-75e_kinetics400.py'

max_epochs = 35

model = dict(backbone=dict(arch='large'), cls_head=dict(in_channels=1024))
train_dataloader = dict(batch_size=2)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # 2e-3 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs, eta_min_ratio=0.0005)]
auto_scale_lr = dict(base_batch_size=128)
