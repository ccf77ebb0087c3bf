# Pace prediction on UCF101 with S3D-G, on clips of 64 frames of 224x224 pixels: 4 GPUs x 8 videos.
_base_ = './pace_r21d10_1xb30-16f-180e_ucf101.py'

model = dict(backbone=dict(_base_.networks.s3dg, _delete_=True), head=dict(in_channels=1024))
size = dict(resize=dict(size=(256, 256)), crop=dict(size=224))
train_dataloader = dict(
    batch_size=8,
    dataset=dict(pipeline=dict(sample=dict(clip_len=64), augment=dict(transforms=size))),
)
optim_wrapper = dict(optimizer=dict(lr=1e-2))
auto_scale_lr = dict(base_batch_size=32)
