# SGD for 12 epochs, 32 clips a step; the rate is divided by 10 after epochs 8 and 11. The paper
# gives neither weight decay nor warm-up: both are 0 here.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=12, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='detection')
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=0)
)
param_scheduler = [dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1)]
# `--auto-scale-lr` scales the learning rate by (clips a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=32)
