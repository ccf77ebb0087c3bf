# The network of VIE-Single trained on the labels of Kinetics-400: one GPU x 128 videos, 90 epochs.
_base_ = '../../_base_/protocols/vie_supervised.py'

model = dict(
    backbone=_base_.networks.single,
    cls_head=dict(in_channels=512, init_std=(2 / (512 + 400)) ** 0.5),
)
frame = dict(clip_len=1, frame_interval=1)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=frame)))
val_dataloader = test_dataloader = train_dataloader
