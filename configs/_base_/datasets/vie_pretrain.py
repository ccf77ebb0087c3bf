# Unlabelled videos for VIE: single frames of 224x224 pixels, as VIE-Single sees them. A config sets
# `data_root` and, for a list, `ann_file`; other networks set another clip and size.

# Following the authors' code: the short side is between 8/7 and 10/7 of the crop, and the colours
# always change. `Defer` leaves the colours to the model's device; on a CPU, list them without it.
geometry = dict(
    resize=dict(type='RandomShortSide', low=256, high=319),
    crop=dict(type='RandomCrop', size=224),
    flip=dict(type='RandomFlip', prob=0.5),
)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0)
grey = dict(type='RandomGrayscale', prob=0.3)
colors = dict(defer=dict(type='Defer', transforms=dict(jitter=jitter, grey=grey)))
# The authors extract frames at 25 a second: with videos of another rate, a warning says so once.
rate = dict(type='CheckFrameRate', fps=25)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    rate=rate,
    length=None,  # what a video must have, for VIE-Slow and VIE-TRN
    restrict=None,  # to a bin of the video, in ablations
    sample=dict(type='SampleRandomClip', clip_len=1, frame_interval=1),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=geometry),
    color=dict(type='AugmentViews', transforms=colors),
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
# The same videos without noise.
middle = dict(resize=dict(type='Resize', short_side=256), crop=dict(type='CenterCrop', size=224))
test_pipeline = dict(
    open=dict(type='OpenVideo'),
    rate=rate,
    sample=dict(type='SampleUniformClips', num_clips=5, clip_len=1, frame_interval=1),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=middle),
    pack=dict(type='PackViews'),
)
