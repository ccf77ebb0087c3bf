# Colour jitter and grey in place of the dropout of Lab channels.
_base_ = './finetune_r21d_2xb16-4x32f-67e_ucf101-split1.py'

train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomWindow', num_views=4, clip_len=32),
    dict(type='DecodeViews'),
    {{_base_.augment_by_jitter}},
    dict(type='PackClips'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
