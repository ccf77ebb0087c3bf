# SGD for 50 epochs with clipped gradients; the rate is divided by 10 after epochs 20 and 40. A
# config sets `lr`.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=50, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type='MultiStepLR', milestones=[20, 40], gamma=0.1)
