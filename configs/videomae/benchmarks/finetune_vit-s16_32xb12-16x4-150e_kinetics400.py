# VideoMAE's fine-tuning of ViT-S on Kinetics-400: 32 GPUs x 12 videos, 150 epochs.
_base_ = './finetune_vit-b16_64xb6-16x4-75e_kinetics400.py'

max_epochs = 150

model = dict(backbone=dict(arch='small'), cls_head=dict(in_channels=384))
train_dataloader = dict(batch_size=12)
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
