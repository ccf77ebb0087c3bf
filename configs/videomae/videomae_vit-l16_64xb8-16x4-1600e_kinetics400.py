# VideoMAE with ViT-L on Kinetics-400: 64 GPUs x 8 videos, 1600 epochs, a decoder of 12 blocks
# (following the authors' script).
_base_ = './videomae_vit-b16_64xb32-16x4-1600e_kinetics400.py'

model = dict(backbone=dict(arch='large'), decoder=dict(embed_dims=512, depth=12, num_heads=8))
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
auto_scale_lr = dict(base_batch_size=512)
