# The InfoNCE stage of CoCLR on Kinetics-400: 4 GPUs x 32 videos and a longer queue.
_base_ = [
    '../_base_/models/coclr_s3d.py',
    '../_base_/datasets/coclr_pretrain.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adam_300e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(queue=dict(size=16384)))
train_dataloader = dict(batch_size=32, dataset=_base_.kinetics400_train)
param_scheduler = dict(milestones=[250, 280])
default_hooks = dict(checkpoint=dict(interval=10))
