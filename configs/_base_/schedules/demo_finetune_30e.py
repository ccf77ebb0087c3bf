# AdamW for 30 epochs along half a cosine to 0.
_base_ = './demo_adamw.py'

max_epochs = 30

train_cfg = dict(max_epochs=max_epochs)
test_cfg = dict(type='ProtocolTestLoop')
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = dict(warmup=1, T_max=max_epochs)
