# AdamW for 90 000 steps of 3072 clips. The rate rises for 12 000 steps, then follows half a cosine.
# Schedules are 1.25 times as long as the training, following the authors' code, so that their last
# fifth is not reached. Their lengths are in steps, `max_epochs` is in epochs: it fits a list of 2.0
# million videos; set it to 90 000 // (videos // 3072) for another one.
max_epochs = 138

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
# The authors clip the gradients after the warm-up only. For float32: type='OptimWrapper'.
optim_wrapper = dict(
    type='Bfloat16OptimWrapper',
    optimizer=dict(type='AdamW', lr=6.25e-4, betas=(0.9, 0.999), weight_decay=0.04),
    clip_grad=dict(max_norm=10),
    paramwise_cfg=dict(flat_decay_mult=0),  # no decay of vectors
)
param_scheduler = [
    dict(type='WarmupLR', start_factor=0.32, end=12_000, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=12_000,
        end=90_000,
        T_max=100_500,  # 1.25 * 90 000 - 12 000
        eta_min=1e-6,
        by_epoch=False,
    ),
    # From 0.04 to 0.4; a ratio leaves the groups without decay at 0.
    dict(
        type='CosineAnnealingParamScheduler',
        param_name='weight_decay',
        end=90_000,
        T_max=112_500,
        eta_min_ratio=10,
        by_epoch=False,
    ),
]
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=3072)
