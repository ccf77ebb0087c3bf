# Layer read-outs of VIE-Single that sees the clips of VIE-TRN frame by frame, averaged, on
# Kinetics-400: one GPU x 128 videos, 190 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.single
bins = dict(_delete_=True, type='SampleBinnedFrames', num_bins=4, max_bin_len=12)
# As in VIE-TRN's pretraining, a video that is too short is replaced; tests repeat it.
length = dict(_delete_=True, type='RequireFrames', min_frames=5)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=bins)))
# Frames as far apart as the middles of the bins.
clip = dict(clip_len=4, frame_interval=12)
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

train_cfg = dict(max_epochs=190)
param_scheduler = dict(milestones=[80, 173])
