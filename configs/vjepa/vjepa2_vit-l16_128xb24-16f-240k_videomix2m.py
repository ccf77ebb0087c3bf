# The main phase of V-JEPA 2 with ViT-L: 128 GPUs x 24 clips of 16 frames, 240 000 steps at a
# constant rate. The authors' config of ViT-g has this length, those of ViT-L and ViT-H say 3000
# steps.
_base_ = [
    '../_base_/models/vjepa2_vit-l16.py',
    '../_base_/datasets/vjepa_pretrain.py',
    '../_base_/schedules/vjepa2_adamw.py',
    '../_base_/default_runtime.py',
]

clip = dict(_delete_=True, type='SampleClipAtRate', clip_len=16, fps=4)
crop = dict(size=256)
train_dataloader = dict(
    batch_size=24,
    dataset=dict(pipeline=dict(sample=clip, augment=dict(transforms=dict(crop=crop)))),
)
default_hooks = dict(checkpoint=dict(interval=5))
