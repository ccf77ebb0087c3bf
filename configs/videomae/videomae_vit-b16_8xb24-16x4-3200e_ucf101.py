# VideoMAE with ViT-B on the training videos of UCF101, split 1: 8 GPUs x 24 videos, 3200 epochs,
# three quarters of the places hidden.
_base_ = [
    '../_base_/models/videomae_vit-b16.py',
    '../_base_/datasets/videomae_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/videomae_adamw.py',
    '../_base_/default_runtime.py',
]

max_epochs = 3200

train_dataloader = dict(
    batch_size=24, dataset=dict(_base_.ucf101_train, pipeline=dict(mask=dict(ratio=0.75)))
)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=2.25e-4))  # 3e-4 for 256 videos a step
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs, eta_min_ratio=1 / 30)]
auto_scale_lr = dict(base_batch_size=192)
default_hooks = dict(checkpoint=dict(interval=100))
