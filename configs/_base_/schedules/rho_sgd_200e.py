# 200 epochs along half a cosine from step 0 to 0; over the first 35 epochs, a straight line from a
# rate of 0.001 meets it at 0.926 of the full rate. A config sets the optimizer and `start_factor`.
# BatchNorm has no decay. For n nodes of 64 videos a step, all rates are n times as large:
# `--auto-scale-lr`.
max_epochs = 200

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
sgd = dict(type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
lars = dict(type='LARS', lr=0.6, momentum=0.9, nesterov=True, weight_decay=1e-6)
optim_wrapper = dict(type='OptimWrapper', paramwise_cfg=dict(norm_decay_mult=0))
param_scheduler = dict(
    type='WarmupCosineLR', warmup=35, T_max=max_epochs, convert_to_iter_based=True
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=64)
