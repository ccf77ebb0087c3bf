# VideoMAE with ViT-B on Kinetics-400: 64 GPUs x 32 videos, 800 epochs.
_base_ = './videomae_vit-b16_64xb32-16x4-1600e_kinetics400.py'

max_epochs = 800

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
