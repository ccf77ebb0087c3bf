# SGD at a constant rate that falls twice by 10. The authors chose the moments by hand, watching the
# accuracy of nearest neighbours; a config sets those of its network.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=734, val_interval=5)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0),
)
param_scheduler = dict(type='MultiStepLR', milestones=[544, 651], gamma=0.1)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=128)
