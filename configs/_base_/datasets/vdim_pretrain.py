# Unlabelled videos for VDIM: two subsequences of 32 frames that begin together, the second at half
# the rate. A child sets `data_root` and, for a list, `ann_file`.

# The paper names the augmentations but not their strengths: these are those of its parent AMDIM,
# without the flip, which the paper does not mention. All frames of a view share the draws.
# `Defer` leaves the colours to the model's device; on a CPU, list them without it.
crop = dict(type='RandomResizedCrop', size=128, area=(0.3, 1.0), ratio=(0.7, 1.4))
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8)
grey = dict(type='RandomGrayscale', prob=0.25)
defer = dict(type='Defer', transforms=dict(jitter=jitter, grey=grey))
train_pipeline = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleSubsequences', clip_len=32, offset=0, down_sampling=(1, 2)),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=dict(crop=crop, defer=defer)),
    color=None,
    pack=dict(type='PackViews'),
)
train_dataloader = dict(
    batch_size=15,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
