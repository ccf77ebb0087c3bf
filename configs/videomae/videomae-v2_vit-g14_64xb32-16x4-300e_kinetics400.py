# VideoMAE v2 with ViT-g, whose tokens have 14x14 pixels: 64 GPUs x 32 videos, 300 epochs with
# clipped gradients. For data and clips see the config of ViT-L.
_base_ = './videomae-v2_vit-l16_48xb32-16x4-300e_kinetics400.py'

grid = (8, 16, 16)

model = dict(
    backbone=dict(arch='giant', patch_size=14, with_cp=True),
    decoder=dict(out_channels=1176, with_cp=True),
)
masks = dict(mask=dict(grid=grid), decoder_mask=dict(grid=grid))
train_dataloader = dict(dataset=dict(pipeline=masks))
optim_wrapper = dict(optimizer=dict(lr=4.8e-3), clip_grad=dict(max_norm=0.02))  # 6e-4 for 256
param_scheduler = [
    dict(_base_.rise, end=_base_.warmup),
    dict(_base_.fall, begin=_base_.warmup, end=_base_.max_epochs, eta_min_ratio=1 / 60),
]
auto_scale_lr = dict(base_batch_size=2048)
