# The network of VIE-TRN trained on the labels of Kinetics-400: one GPU x 128 videos, 90 epochs.
_base_ = '../../_base_/protocols/vie_supervised.py'

model = dict(
    backbone=_base_.networks.trn,
    cls_head=dict(in_channels=2048, init_std=(2 / (2048 + 400)) ** 0.5),
)
bins = dict(_delete_=True, type='SampleBinnedFrames', num_bins=4, max_bin_len=12)
# As in VIE-TRN's pretraining, a video that is too short is replaced; tests repeat it.
length = dict(_delete_=True, type='RequireFrames', min_frames=5)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=bins)))
# Frames as far apart as the middles of the bins.
clip = dict(clip_len=4, frame_interval=12)
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
