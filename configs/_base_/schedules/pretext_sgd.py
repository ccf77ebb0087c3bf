# SGD. A config sets the rate, the decay, `max_epochs` and how the rate falls.
train_cfg = dict(type='ResumableTrainLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', momentum=0.9))
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False)
