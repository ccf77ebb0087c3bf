# Layer read-outs of VIE-Slow on ImageNet: one GPU x 128 images, 55 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = _base_.readouts.slow
clip = dict(clip_len=4, frame_interval=1)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
val_dataloader = test_dataloader = train_dataloader

train_cfg = dict(max_epochs=55)
param_scheduler = dict(milestones=[25, 50])
