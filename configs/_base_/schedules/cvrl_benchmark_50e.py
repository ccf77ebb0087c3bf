# As cvrl_benchmark_100e.py, for 50 epochs and without warm-up.
_base_ = './cvrl_benchmark_100e.py'

max_epochs = 50

train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(warmup=0, T_max=max_epochs)
