# Layer read-outs of VIE-TwoStream-SF on ImageNet: one GPU x 128 images, 50 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

model = _base_.readouts.two_stream_sf
clip = dict(clip_len=16, frame_interval=1)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))
val_dataloader = test_dataloader = train_dataloader

train_cfg = dict(max_epochs=50)
param_scheduler = dict(milestones=[16, 46])
