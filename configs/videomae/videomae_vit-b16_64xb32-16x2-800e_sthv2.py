# VideoMAE with ViT-B on Something-Something V2: 64 GPUs x 32 videos, frames 2 apart, 800 epochs.
_base_ = './videomae_vit-b16_64xb32-16x2-2400e_sthv2.py'

max_epochs = 800

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
