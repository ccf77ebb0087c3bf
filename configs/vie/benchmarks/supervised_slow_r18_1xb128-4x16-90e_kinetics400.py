# The network of VIE-Slow trained on the labels of Kinetics-400: one GPU x 128 videos, 90 epochs.
_base_ = '../../_base_/protocols/vie_supervised.py'

model = dict(
    backbone=_base_.networks.slow, cls_head=dict(in_channels=512, init_std=(2 / (512 + 400)) ** 0.5)
)
clip = dict(clip_len=4, frame_interval=16)
# As in VIE-Slow's pretraining, a video of up to 64 frames is replaced; tests repeat it.
length = dict(_delete_=True, type='RequireFrames', min_frames=65)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=clip)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
