# VideoMAE with ViT-S on Kinetics-400: 32 GPUs x 32 videos, 1600 epochs.
_base_ = './videomae_vit-b16_64xb32-16x4-1600e_kinetics400.py'

model = dict(backbone=dict(arch='small'), decoder=dict(embed_dims=192, num_heads=3))
optim_wrapper = dict(optimizer=dict(lr=6e-4))
auto_scale_lr = dict(base_batch_size=1024)
