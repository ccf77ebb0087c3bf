# Kinetics-400 for the networks of VIE that see 224x224 pixels; single frames here. Other families
# set another sampler, in training and validation.
_base_ = './vie_kinetics400.py'

change_geometry = dict(
    type='AugmentViews',
    transforms=[
        dict(type='RandomShortSide', low=256, high=319),
        dict(type='RandomCrop', size=224),
        dict(type='RandomFlip', prob=0.5),
    ],
)
change_colors = dict(type='AugmentViews', transforms={{_base_.colors}})
crop_center = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)],
)
train_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=1, frame_interval=1),
    dict(type='DecodeViews'),
    change_geometry,
    change_colors,
    dict(type='PackViews'),
]
# The clips reach from one end of the video to the other, as the authors' do for 3DResNet and
# SlowFast. For the others they leave room at both ends: Slow and TRN start at the sixths of what
# there is for a start, Single takes the middles of the fifths.
val_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleUniformClips', num_clips=5, clip_len=1, frame_interval=1),
    dict(type='DecodeViews'),
    crop_center,
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
