# Layer read-outs of VIE-TwoStream-S on ImageNet: one GPU x 128 images, 63 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = _base_.readouts.two_stream_s
clip = dict(clip_len=4, frame_interval=1)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
val_dataloader = test_dataloader = train_dataloader

train_cfg = dict(max_epochs=63)
param_scheduler = dict(milestones=[23, 57])
