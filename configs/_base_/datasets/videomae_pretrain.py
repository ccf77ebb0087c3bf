# Unlabelled videos for VideoMAE: a clip of 16 frames, 4 frames apart, of which the network sees a
# tenth. A config sets `batch_size`, `data_root` and, where there is a list, `ann_file`.
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    # The authors start a clip of 64 frames, not of the 61 that it spans.
    sample=dict(type='SampleRandomClip', clip_len=16, frame_interval=4, span=63),
    decode=dict(type='DecodeViews'),
    # Neither flips nor colours, following the authors' code.
    augment=dict(
        type='AugmentViews',
        transforms=dict(crop=dict(type='MultiScaleCrop', size=224, num_positions=13)),
    ),
    mask=dict(type='MaskTubes', grid=(8, 14, 14), ratio=0.9),
    decoder_mask=None,
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    num_workers=10,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
