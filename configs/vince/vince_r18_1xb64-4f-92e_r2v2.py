# VINCE with ResNet-18 on Random Related Video Views: 256 frames of 64 videos a step, 1 000 000
# steps, which are 92 epochs of its 696 082 videos.
_base_ = './vince_r50_8xb28-4f-92e_r2v2.py'

jitter = dict(brightness=0.4, contrast=0.4, saturation=0.4)
colors = dict(jitter=jitter, blur=None)
model = dict(
    backbone=dict(depth=18),
    neck=dict(in_channels=512, hidden_channels=512, out_channels=64),
    head=dict(queue=dict(channels=64), temperature=0.07, within_batch=False),
)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(pipeline=dict(augment=dict(transforms=dict(defer=dict(transforms=colors))))),
)
optim_wrapper = dict(optimizer=dict(lr=0.03))
auto_scale_lr = dict(base_batch_size=64)
