# AdamW for 240 000 steps of 3072 clips: the rate rises for 12 000 steps and stays. The step length
# of the list is as in vjepa_adamw.py: 240 000 // (videos // 3072) epochs of 2.0 million videos.
max_epochs = 368

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(  # for float32: type='OptimWrapper'
    type='Bfloat16OptimWrapper',
    optimizer=dict(type='AdamW', lr=5.25e-4, betas=(0.9, 0.999), weight_decay=0.04),
    paramwise_cfg=dict(flat_decay_mult=0),  # no decay of vectors
)
param_scheduler = [dict(type='WarmupLR', start_factor=1 / 5.25, end=12_000, by_epoch=False)]
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=3072)
