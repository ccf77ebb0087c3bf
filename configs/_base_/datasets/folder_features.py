# Three clips of each video of a folder, from the middle of the frame, for weights that other code
# published. A config sets the clips that they were trained with.
clips = dict(type='SampleUniformClips', num_clips=3, clip_len=16, frame_interval=4)

test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root='{{$VSSLBOX_VIDEOS:data/videos}}',
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=clips,
            decode=dict(type='DecodeViews'),
            augment=dict(
                type='AugmentViews',
                transforms=dict(
                    resize=dict(type='Resize', short_side=256),
                    crop=dict(type='CenterCrop', size=224),
                ),
            ),
            pack=dict(type='PackViews'),
        ),
        test_mode=True,
    ),
)
