# Adam for 9 epochs from 1e-3, divided by 10 after epoch 7. As in the authors' code, gradients are
# not clipped (mmaction2 1.x clips them at 40).
train_cfg = dict(type='ResumableTrainLoop', max_epochs=9, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='localization')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4))
param_scheduler = dict(type='MultiStepLR', milestones=[7], gamma=0.1)
auto_scale_lr = dict(enable=False, base_batch_size=16)
