# Adam at a constant rate after 500 steps of linear warm-up. The learning rate is the paper's;
# betas, decay, epsilon and warm-up are AMDIM's. AMDIM's rate falls in steps later on; the paper
# does not mention this.
#
# The paper counts steps, the loop counts epochs: a config sets `max_epochs` for the length of its
# list, steps / (videos // 240).
train_cfg = dict(type='ResumableTrainLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.8, 0.999), eps=1e-8, weight_decay=1e-5),
)
param_scheduler = dict(type='LinearLR', by_epoch=False, start_factor=1 / 500, begin=0, end=500)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=240)
