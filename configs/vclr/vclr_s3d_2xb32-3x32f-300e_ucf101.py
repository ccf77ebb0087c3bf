# Table 8: the InfoNCE stage of CoCLR with VCLR's video and order losses, on UCF101, split 1. The
# learning rate and the size of the frames are not given; they are CoCLR's.
_base_ = [
    '../_base_/models/vclr_s3d.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

sample = dict(num_segments=3, clip_len=32)
# The frames of a view share crop and flip; their colours are independent, as in CoCLR.
geometry = dict(crop=dict(size=128, consistent=True), flip=dict(consistent=True))
augment = dict(transforms=geometry)
train_dataloader = dict(
    dataset=dict(_base_.ucf101_train, pipeline=dict(sample=sample, augment=augment))
)
param_scheduler = dict(milestones=[250, 280])
default_hooks = dict(checkpoint=dict(interval=10))
