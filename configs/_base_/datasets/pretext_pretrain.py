# Unlabelled videos for pretext tasks, as clips of 112x112 pixels. A config sets `sample` or
# `rotate`, which write the class to predict, `data_root` and, for a list, `ann_file`.
crop_of_112 = dict(
    resize=dict(type='Resize', size=(128, 171)), crop=dict(type='RandomCrop', size=112)
)
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleRandomClip', clip_len=16, frame_interval=1),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=crop_of_112),
    rotate=None,
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
