# Layer read-outs of VIE-Single on ImageNet: one GPU x 128 images, 57 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = _base_.readouts.single

train_cfg = dict(max_epochs=57)
param_scheduler = dict(milestones=[12, 52])
