# VIE-SlowFast on Kinetics-400: one GPU x 64 videos, 360 epochs.
_base_ = './vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(backbone=dict(_base_.networks.slowfast, _delete_=True), neck=dict(in_channels=704))
clip = dict(clip_len=16, frame_interval=4)
# The authors' code leaves room for an interval after the last frame too.
starts = dict(span=64)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=dict(sample=dict(**clip, **starts))))
val_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

train_cfg = dict(max_epochs=360)
param_scheduler = dict(milestones=[299, 346])
auto_scale_lr = dict(base_batch_size=64)
