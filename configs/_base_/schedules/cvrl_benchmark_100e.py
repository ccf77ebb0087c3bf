# SGD for 100 epochs: half a cosine from step 0 to 0, its first 5 epochs replaced by a straight
# line. On Kinetics-600, with 1024 videos a step, these are the 35 744 and 1 787 steps of the
# authors' config, up to a fraction of an epoch. A config sets `lr`.
max_epochs = 100

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', momentum=0.9, weight_decay=0))
param_scheduler = dict(
    type='WarmupCosineLR', warmup=5, T_max=max_epochs, convert_to_iter_based=True
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=1024)
