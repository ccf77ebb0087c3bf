# VideoMAE's fine-tuning of ViT-S on Something-Something V2: 32 GPUs x 12 videos, 40 epochs.
_base_ = './finetune_vit-b16_64xb6-16seg-30e_sthv2.py'

max_epochs = 40

model = dict(backbone=dict(arch='small'), cls_head=dict(in_channels=384))
train_dataloader = dict(batch_size=12)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.7), optimizer=dict(lr=1.5e-3))  # 1e-3 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs, eta_min_ratio=0.001)]
