# VIE-TRN on Kinetics-400: one GPU x 64 videos, 70 epochs from the finished VIE-Single.
_base_ = './vie-single_r18_1xb128-1-734e_kinetics400.py'

# The network of the frames and the bank come from a checkpoint of VIE-Single's training, on the
# same list; only the embedding, which sees four frames, is new. Local aggregation begins at once.
start_weights = '{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
frame_network = dict(_base_.networks.single, init_cfg=start)

model = dict(
    init_cfg=dict(type='vsslbox.PretrainedBank', checkpoint=start_weights),
    backbone=dict(_delete_=True, type='FrameConcat', backbone=frame_network),
    neck=dict(in_channels=4 * 512),
    warmup_loss=None,
    warmup_steps=0,
)
bins = dict(_delete_=True, type='SampleBinnedFrames', num_bins=4, max_bin_len=12)
# As in VIE-Slow's training, a video that is too short is replaced.
length = dict(_delete_=True, type='RequireFrames', min_frames=5)
steps = dict(length=length, sample=bins)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=steps))
# Frames as far apart as the middles of the bins.
clip = dict(clip_len=4, frame_interval=12)
val_dataloader = dict(dataset=dict(pipeline=dict(sample=clip)))

# The authors' counter of steps continues from VIE-Single's, apparently 1 375 000; the rate falls at
# 1 455 011 and 1 570 011. When they stopped is not known.
train_cfg = dict(max_epochs=70)
param_scheduler = dict(milestones=[21, 52])
auto_scale_lr = dict(base_batch_size=64)
