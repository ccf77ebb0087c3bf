# Layer read-outs of VIE-Single on Kinetics-400: one GPU x 128 videos, 300 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = _base_.readouts.single

train_cfg = dict(max_epochs=300)
param_scheduler = dict(milestones=[125, 277])
