# What VIE fine-tunes its 2D network on: one frame of 224x224 pixels. A child tests frames from a
# video's first to its last; the authors take the middles of its fifths.
_base_ = './vie_finetune_16x4.py'

multi_scale_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=1, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.multi_scale}}),
    dict(type='PackClips'),
]
color_pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=1, frame_interval=1),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms={{_base_.color}}),
    dict(type='PackClips'),
]
