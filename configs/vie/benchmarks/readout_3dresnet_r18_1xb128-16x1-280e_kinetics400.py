# Layer read-outs of VIE-3DResNet on Kinetics-400: one GPU x 128 videos, 280 epochs.
_base_ = '../../_base_/protocols/vie_readout_kinetics400.py'

clip = dict(clip_len=16, frame_interval=1)
crop = dict(size=112)
resize = dict(low=128, high=159)
augment = dict(transforms=dict(resize=resize, crop=crop))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=augment)))
middle = dict(transforms=dict(resize=dict(short_side=128), crop=crop))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=dict(sample=clip, augment=middle)))
