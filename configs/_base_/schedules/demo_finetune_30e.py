# AdamW for 30 epochs along half a cosine to 0.
max_epochs = 30

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=3e-4, weight_decay=1e-4))
param_scheduler = dict(
    type='WarmupCosineLR', warmup=1, T_max=max_epochs, convert_to_iter_based=True
)
