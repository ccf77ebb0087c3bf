# AdamW: the rate rises over 40 epochs from 0, then follows half a cosine to a fifteenth. Rates are
# 1.5e-4 for 256 videos a step. A config sets `lr`, `max_epochs`, and
#
#     param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
#
# The authors train in float16 with a scaled loss: `--amp` here is bfloat16.
train_cfg = dict(type='ResumableTrainLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='LayerDecayConstructor',  # no decay of vectors; the same rate for all layers
    paramwise_cfg=dict(no_decay=['mask_token']),
    optimizer=dict(type='AdamW', betas=(0.9, 0.95), weight_decay=0.05),
)
# `LinearLR` multiplies, so that it cannot leave 0.
rise = dict(type='LinearLR', start_factor=1e-6, begin=0, end=40, convert_to_iter_based=True)
fall = dict(type='CosineAnnealingLR', begin=40, eta_min_ratio=1 / 15, convert_to_iter_based=True)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=2048)
