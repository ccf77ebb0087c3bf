# Layer read-outs of VIE-Single that sees the clips of VIE-SlowFast frame by frame, averaged, on
# Kinetics-400: one GPU x 128 videos, 123 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.single
clip = dict(clip_len=16, frame_interval=4)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
val_dataloader = test_dataloader = train_dataloader

train_cfg = dict(max_epochs=123)
param_scheduler = dict(milestones=[51, 112])
