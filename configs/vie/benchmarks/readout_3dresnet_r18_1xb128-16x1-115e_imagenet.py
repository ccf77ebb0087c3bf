# Layer read-outs of VIE-3DResNet on ImageNet: one GPU x 128 images, 115 epochs.
_base_ = '../../_base_/protocols/vie_readout_imagenet.py'

clip = dict(clip_len=16, frame_interval=1)
crop = dict(size=112)
augment = dict(transforms=dict(crop=crop))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=augment)))
middle = dict(transforms=dict(resize=dict(short_side=128), crop=crop))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=middle)))

train_cfg = dict(max_epochs=115)
param_scheduler = dict(milestones=[40, 105])
