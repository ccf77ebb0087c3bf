# VideoMAE with ViT-S on Something-Something V2: 64 GPUs x 32 videos (the comment of the authors'
# script says 32 GPUs, its command has 64), frames 2 apart, 2400 epochs.
_base_ = './videomae_vit-b16_64xb32-16x2-2400e_sthv2.py'

model = dict(backbone=dict(arch='small'), decoder=dict(embed_dims=192, num_heads=3))
