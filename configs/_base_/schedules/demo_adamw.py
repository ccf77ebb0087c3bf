# AdamW along half a cosine to 0, its first epochs replaced by a straight line. A config sets
# `max_epochs` and `T_max`.
train_cfg = dict(type='ResumableTrainLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = dict(type='WarmupCosineLR', warmup=5, convert_to_iter_based=True)
