# VideoMAE with ViT-H on Kinetics-400: 64 GPUs x 16 videos, 1600 epochs, a decoder of 12 blocks
# (following the authors' script).
_base_ = './videomae_vit-b16_64xb32-16x4-1600e_kinetics400.py'

model = dict(
    backbone=dict(arch='huge', with_cp=True),
    decoder=dict(embed_dims=640, depth=12, num_heads=8, with_cp=True),
)
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=6e-4))
auto_scale_lr = dict(base_batch_size=1024)
