# What happens to the views of a window when VDIM is fine-tuned and tested; each view has draws of
# its own. Where the paper gives no numbers they are those of its parent AMDIM. A child puts these
# steps into its pipelines.
crop = dict(type='RandomResizedCrop', size=128, area=(0.3, 1.0), ratio=(0.7, 1.4))
# Better for fine-tuning than jitter and grey (paper, p=0.03). How often a channel is dropped is not
# known.
augment = dict(type='AugmentViews', transforms=[crop, dict(type='LabChannelDropout', prob=0.5)])
augment_by_jitter = dict(
    type='AugmentViews',
    transforms=[
        crop,
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8),
        dict(type='RandomGrayscale', prob=0.25),
    ],
)
take_middle = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=146), dict(type='CenterCrop', size=128)],
)
