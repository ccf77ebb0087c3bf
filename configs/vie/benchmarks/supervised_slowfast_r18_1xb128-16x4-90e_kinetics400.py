# The network of VIE-SlowFast trained on the labels of Kinetics-400: one GPU x 128 videos, 90
# epochs.
_base_ = '../../_base_/protocols/vie_supervised.py'

# The clips are those of the protocol, with starts as in pretraining.
model = dict(
    backbone=_base_.networks.slowfast,
    cls_head=dict(in_channels=704, init_std=(2 / (704 + 400)) ** 0.5),
)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(span=64))))
