# Table 9: DPC with VCLR's video and order losses, on UCF101, split 1. The added losses see three
# segments, one clip of 5 frames from each. Frames of a clip are 3 apart, as in DPC; the learning
# rate is not given and is DPC's. Nor is the queue of the added losses: this one holds a few epochs.
_base_ = [
    '../_base_/models/dpc_r18.py',
    '../_base_/datasets/dpc_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

queue = dict(type='FeatureQueue', size=16384, channels=128)
loss = dict(type='InfoNCELoss', temperature=0.1)
model = dict(
    type='VCLRWithDPC',
    neck=dict(type='MLPNeck', in_channels=256, hidden_channels=256, out_channels=128),
    video=dict(type='QueueContrastHead', queue=queue, loss=loss),
    order=dict(type='TemporalOrderHead', in_channels=128, norm_axis='frame'),
    num_segments=3,
    momentum=0.999,
)
samplers = [
    dict(type='SampleRandomClip', clip_len=40, frame_interval=3),
    dict(type='SampleSegmentTuples', num_segments=3, clip_len=5, frame_interval=3),
]
sampling = dict(
    sample=dict(_delete_=True, type='SampleTogether', samplers=samplers),
    order=dict(_delete_=True, type='ShuffleOrder', allow_backward=False),
)
train_dataloader = dict(batch_size=32, dataset=dict(_base_.ucf101_train, pipeline=sampling))
param_scheduler = dict(milestones=[150, 250])
default_hooks = dict(checkpoint=dict(interval=10))
