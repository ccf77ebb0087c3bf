# As vclr_finetune_50e.py, with the parameter groups of TSM: norms and biases do not decay; biases
# have 2 times the rate, the classifier 5 times, its bias 10 times.
_base_ = './vclr_finetune_50e.py'

optim_wrapper = dict(
    constructor='mmaction.TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(lr=0.0075, weight_decay=5e-4),
    clip_grad=dict(max_norm=20),
)
auto_scale_lr = dict(enable=False, base_batch_size=48)
