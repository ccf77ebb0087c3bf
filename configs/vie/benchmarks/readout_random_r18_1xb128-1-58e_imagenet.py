# Layer read-outs of the network of VIE-Single with random weights on ImageNet: one GPU x 128
# images, 58 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = dict(_base_.readouts.single, backbone=dict(_base_.networks.single, init_cfg=None))

train_cfg = dict(max_epochs=58)
param_scheduler = dict(milestones=[37, 52])
