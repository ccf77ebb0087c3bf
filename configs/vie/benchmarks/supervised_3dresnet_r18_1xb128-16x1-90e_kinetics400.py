# The network of VIE-3DResNet trained on the labels of Kinetics-400: one GPU x 128 videos, 90
# epochs.
_base_ = '../../_base_/protocols/vie_supervised.py'

model = dict(
    backbone=dict(type='PreActResNet3d'),
    cls_head=dict(in_channels=512, init_std=(2 / (512 + 400)) ** 0.5),
)
clip = dict(clip_len=16, frame_interval=1)
starts = dict(span=16)  # as in pretraining
middle = dict(transforms=dict(resize=dict(short_side=128), crop=dict(size=112)))
train_dataloader = dict(
    dataset=dict(pipeline=dict(sample=dict(**clip, **starts), augment=_base_.color_112))
)
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=middle)))
