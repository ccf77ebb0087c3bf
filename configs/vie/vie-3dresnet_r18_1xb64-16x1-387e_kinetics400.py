# VIE-3DResNet on Kinetics-400, 16 consecutive frames of 112x112 pixels: one GPU x 64 videos, 387
# epochs.
_base_ = './vie-single_r18_1xb128-1-734e_kinetics400.py'

# The authors released the weights of this network; they trained it with numbers of its own.
model = dict(backbone=dict(_delete_=True, type='PreActResNet3d'), loss=dict(background_size=4096))
custom_hooks = [dict(_base_.cluster, num_clusters=10000)]

clip = dict(clip_len=16, frame_interval=1)
# The authors' code leaves room for an interval after the last frame too.
starts = dict(span=16)
crop = dict(size=112)
augment = dict(transforms=dict(resize=dict(low=128, high=159), crop=crop))
middle = dict(transforms=dict(resize=dict(short_side=128), crop=crop))
train_dataloader = dict(
    batch_size=64, dataset=dict(pipeline=dict(sample=dict(**clip, **starts), augment=augment))
)
val_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=middle)))

train_cfg = dict(max_epochs=387)
param_scheduler = dict(milestones=[260, 348])
auto_scale_lr = dict(base_batch_size=64)
