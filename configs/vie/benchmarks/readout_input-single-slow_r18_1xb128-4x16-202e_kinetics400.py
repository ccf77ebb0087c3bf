# Layer read-outs of VIE-Single that sees the clips of VIE-Slow frame by frame, averaged, on
# Kinetics-400: one GPU x 128 videos, 202 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.single
clip = dict(clip_len=4, frame_interval=16)
# As in VIE-Slow's pretraining, a video of up to 64 frames is replaced; tests repeat it.
length = dict(_delete_=True, type='RequireFrames', min_frames=65)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=clip)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

train_cfg = dict(max_epochs=202)
param_scheduler = dict(milestones=[83, 184])
