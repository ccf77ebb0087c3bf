# Layer read-outs of VIE-Slow on Kinetics-400: one GPU x 128 videos, 165 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.slow
clip = dict(clip_len=4, frame_interval=16)
# As in pretraining, a video of up to 64 frames is replaced; tests repeat it.
length = dict(_delete_=True, type='RequireFrames', min_frames=65)
train_dataloader = dict(dataset=dict(pipeline=dict(length=length, sample=clip)))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

train_cfg = dict(max_epochs=165)
param_scheduler = dict(milestones=[53, 147])
