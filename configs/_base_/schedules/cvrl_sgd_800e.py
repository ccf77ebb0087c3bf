# SGD for 800 epochs: half a cosine from step 0 to 0, its first 5 epochs replaced by a straight
# line.
#
# The authors' 0.32 for 1024 videos a step belongs to TPU code that sums the gradients of its
# replicas, whose number is not known, whereas torch averages them: their steps were longer by that
# number. Otherwise their weight decay of 1e-6 at 0.32 would hardly have an effect. The config
# ..._summed-gradients.py has such steps.
max_epochs = 800

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.32, momentum=0.9, weight_decay=1e-6),
    # The paper does not mention the decay; it applies to kernels only.
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
)
param_scheduler = dict(
    type='WarmupCosineLR', warmup=5, T_max=max_epochs, convert_to_iter_based=True
)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=1024)
