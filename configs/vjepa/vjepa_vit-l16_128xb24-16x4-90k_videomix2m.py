# V-JEPA with ViT-L on VideoMix2M: 128 GPUs x 24 clips, 90 000 steps.
_base_ = [
    '../_base_/models/vjepa2_vit-l16.py',
    '../_base_/datasets/vjepa_pretrain.py',
    '../_base_/schedules/vjepa_adamw.py',
    '../_base_/default_runtime.py',
]

# The authors' code scales weights by depth, but then draws those of the linear layers again.
init = dict(type='TruncNormal', layer=['Linear', 'Conv3d'], std=0.02)

model = dict(
    backbone=dict(img_size=224, position='sincos_3d', with_cp=False, init_cfg=init),
    # As many heads as the encoder, a mask token for each set of masks.
    predictor=dict(
        num_heads=16, num_mask_tokens=2, position='sincos_3d', with_cp=False, init_cfg=init
    ),
    # The schedule is 1.25 times as long as the training, which ends at 0.9996.
    momentum=dict(_delete_=True, type='LinearMomentum', base=0.998, end=1.0, stretch=1.25),
)
train_dataloader = dict(batch_size=24)
default_hooks = dict(checkpoint=dict(interval=5))
