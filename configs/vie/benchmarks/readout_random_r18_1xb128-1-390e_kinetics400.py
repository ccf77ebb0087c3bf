# Layer read-outs of the network of VIE-Single with random weights on Kinetics-400: one GPU x 128
# videos, 390 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

model = dict(_base_.readouts.single, backbone=dict(_base_.networks.single, init_cfg=None))

train_cfg = dict(max_epochs=390)
param_scheduler = dict(milestones=[219, 355])
