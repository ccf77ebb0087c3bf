# Layer read-outs of VIE-Single-IR on ImageNet: one GPU x 128 images, 83 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = _base_.readouts.single

# The authors' counter of steps continues from the end of IR, which is not known: here after 766
# epochs of 1874 steps.
train_cfg = dict(max_epochs=83)
param_scheduler = dict(milestones=[40, 76])
