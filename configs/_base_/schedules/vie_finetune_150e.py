# SGD for 150 epochs at a constant rate that falls twice by 10. The authors chose the moments by
# hand and don't tell them: 90 and 130 are our choice.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=150, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=5e-4, momentum=0.9, weight_decay=1e-5),
    # As in the authors' code, the decay is on the classifier alone. On everything:
    # `--cfg-options optim_wrapper.paramwise_cfg=None`.
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(decay_mult=0))),
)
param_scheduler = dict(type='MultiStepLR', milestones=[90, 130], gamma=0.1)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=128)
