# The cooldown of V-JEPA 2 with ViT-L: 256 GPUs x 12 clips of 64 frames, 12 000 steps. It starts
# from the checkpoint of the main phase that `VSSLBOX_VJEPA2` names, with new moments of AdamW.
_base_ = [
    '../_base_/models/vjepa2_vit-l16.py',
    '../_base_/datasets/vjepa_pretrain.py',
    '../_base_/schedules/vjepa2_adamw.py',
    '../_base_/default_runtime.py',
]

max_epochs = 18  # of 2.0 million videos: 12 000 // (videos // 3072)
load_from = '{{$VSSLBOX_VJEPA2:weights/vjepa2.pth}}'

model = dict(backbone=dict(num_frames=64))
clip = dict(_delete_=True, type='SampleClipAtRate', clip_len=64, fps=4)
crop = dict(size=256)
train_dataloader = dict(
    batch_size=12,
    dataset=dict(pipeline=dict(sample=clip, augment=dict(transforms=dict(crop=crop)))),
)
train_cfg = dict(max_epochs=max_epochs)
# To 1e-6 in 1.25 * 12 000 steps: the training ends at 1.06e-4. (`LinearLR` takes `end` - 1 steps.)
param_scheduler = [
    dict(type='LinearLR', start_factor=1.0, end_factor=1e-6 / 5.25e-4, end=15_001, by_epoch=False)
]
