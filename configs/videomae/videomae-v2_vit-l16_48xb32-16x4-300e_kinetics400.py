# VideoMAE v2 with ViT-L: the decoder predicts half of the tokens. 48 GPUs x 32 videos, 300 epochs,
# following the authors' script, on Kinetics-400 instead of their mixture of data sets, and with one
# clip of a video in a batch instead of four.
_base_ = [
    '../_base_/models/videomae_vit-b16.py',
    '../_base_/datasets/videomae_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/videomae_adamw.py',
    '../_base_/default_runtime.py',
]

max_epochs = 300
warmup = 30

model = dict(backbone=dict(arch='large'), decoder=dict(embed_dims=512, num_heads=8))
cells = dict(_delete_=True, type='MaskRunningCells', grid=(8, 14, 14), ratio=0.5)
train_dataloader = dict(
    batch_size=32, dataset=dict(_base_.kinetics400_train, pipeline=dict(decoder_mask=cells))
)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=6e-3))  # 1e-3 for 256 videos a step
param_scheduler = [
    dict(_base_.rise, end=warmup),
    dict(_base_.fall, begin=warmup, end=max_epochs, eta_min_ratio=1 / 100),
]
auto_scale_lr = dict(base_batch_size=1536)
default_hooks = dict(checkpoint=dict(interval=20))
