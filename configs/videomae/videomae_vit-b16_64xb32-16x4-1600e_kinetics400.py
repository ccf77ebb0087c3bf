# VideoMAE with ViT-B on Kinetics-400: 64 GPUs x 32 videos, 1600 epochs.
_base_ = [
    '../_base_/models/videomae_vit-b16.py',
    '../_base_/datasets/videomae_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/videomae_adamw.py',
    '../_base_/default_runtime.py',
]

max_epochs = 1600

train_dataloader = dict(batch_size=32, dataset=_base_.kinetics400_train)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=1.2e-3))
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
default_hooks = dict(checkpoint=dict(interval=20))
