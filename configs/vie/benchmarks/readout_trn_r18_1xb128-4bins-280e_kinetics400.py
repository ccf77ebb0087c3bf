# Layer read-outs of VIE-TRN on Kinetics-400: one GPU x 128 videos, 280 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.trn
bins = dict(_delete_=True, type='SampleBinnedFrames', num_bins=4, max_bin_len=12)
# As in pretraining, a video that is too short is replaced.
length = dict(_delete_=True, type='RequireFrames', min_frames=5)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=bins)))
# Frames as far apart as the middles of the bins.
clip = dict(clip_len=4, frame_interval=12)
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
