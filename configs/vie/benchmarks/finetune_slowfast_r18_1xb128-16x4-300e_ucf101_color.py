# The same with the colour noise of the pretraining instead of multi-scale crops.
_base_ = './finetune_slowfast_r18_1xb128-16x4-300e_ucf101.py'

test_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=3, clip_len=16, frame_interval=4),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.color_middle}}),
    dict(type='PackClips'),
]
train_dataloader = dict(dataset=dict(pipeline={{_base_.color_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
