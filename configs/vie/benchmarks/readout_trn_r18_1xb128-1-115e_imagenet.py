# Layer read-outs of VIE-TRN on ImageNet: one GPU x 128 images, 115 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

# The network sees frames one by one: one is enough.
model = _base_.readouts.trn

train_cfg = dict(max_epochs=115)
param_scheduler = dict(milestones=[40, 105])
