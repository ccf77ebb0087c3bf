# V-JEPA 2's attentive probes on a frozen backbone, trained on augmented views: 20 heads at once, on
# the tokens of 2 clips of 16 frames, 4 frames apart, as on Something-Something V2. A config sets
# the backbone, `in_channels` and `num_classes`, the lists, the clips and `batch_size` (256 in all
# for the authors).
#
# The authors report the best head and epoch on the videos that they test. Here `val_dataloader`
# chooses, so it takes videos that test nothing. All heads of a checkpoint on the test videos, as
# the authors see them: `--cfg-options test_evaluator.taps=None`.
_base_ = '../default_runtime.py'

imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
rates = (5e-3, 3e-3, 1e-3, 3e-4, 1e-4)
decays = (0.01, 0.1, 0.4, 0.8)
model = dict(
    type='AttentiveReadout',
    data_preprocessor=dict(type='ViewsPreprocessor', **imagenet),
    settings=[dict(lr=lr, weight_decay=decay) for lr in rates for decay in decays],
    num_clips=2,
    depth=4,
    num_heads=16,
)
clips = dict(type='SampleUniformClips', num_clips=2, clip_len=16, frame_interval=4)
# Neither flips nor, unlike the authors', erased rectangles.
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=clips,
    decode=dict(type='DecodeViews'),
    augment=dict(
        type='AugmentViews',
        transforms=dict(
            crop=dict(type='RandomResizedCrop', size=256, area=(0.08, 1.0)),
            # The authors' RandAugment draws 4 operations at 7 of 10, with noise of 0.5.
            rand_augment=dict(type='RandAugment', num_ops=4, magnitude=7, max_magnitude=10),
        ),
    ),
    crops=None,
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    num_workers=12,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
# Three squares of each clip; the tokens of all clips of one place form a sequence.
val_pipeline = dict(
    train_pipeline,
    augment=dict(type='AugmentViews', transforms=dict(resize=dict(type='Resize', short_side=256))),
    crops=dict(type='ThreeCrops', size=256),
)
val_dataloader = dict(
    num_workers=12,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ReadoutMetric')
test_evaluator = dict(type='ReadoutMetric', taps=['chosen'])

max_epochs = 20

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='attentive probe')
optim_wrapper = dict(
    type='OptimWrapper', constructor='ReadoutConstructor', optimizer=dict(type='AdamW')
)
param_scheduler = dict(
    type='CosineAnnealingLR', T_max=max_epochs, eta_min=0, convert_to_iter_based=True
)
default_hooks = dict(checkpoint=dict(save_best='best/top1', rule='greater'))
custom_hooks = [dict(type='ChooseReadoutHook')]
