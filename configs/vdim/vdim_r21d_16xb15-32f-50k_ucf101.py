# VDIM on UCF101, the training videos of split 1 without their labels: 50 000 steps of the paper's
# best setting, with the temporal difference. Its batch isn't known: that of Kinetics-600 is taken.
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/schedules/vdim_adam.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_UCF101:data/ucf101}}'

model = dict(type='VDIMTemporalDifference')
sample = dict(
    type='SampleSubsequences', clip_len=32, offset=0, down_sampling=(1, 2), consequent_len=64
)
train_pipeline = [
    dict(type='OpenVideo'),
    sample,
    dict(type='DecodeViews'),
    {{_base_.augment}},
    dict(type='PackViews'),
]
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='ucf101_train_split_1_videos.txt',
        data_prefix=dict(video='videos'),
        pipeline=train_pipeline,
    )
)

# 39 steps each for 9537 videos, 49 998 in all.
train_cfg = dict(max_epochs=1282)
default_hooks = dict(checkpoint=dict(interval=50))
