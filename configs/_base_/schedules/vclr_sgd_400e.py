# SGD for 400 epochs: linear warm-up over 5 epochs from lr / 100, then half a cosine to 1e-6.
# The authors' code warms up; their paper does not mention it. Without warm-up, use one scheduler:
# CosineAnnealingLR with begin=0 and T_max=400.
max_epochs = 400
warmup_epochs = 5

train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(
    type='OptimWrapper',
    # 0.1 for 256 videos a step, as in the authors' script; the paper's batch is 512 (lr 0.2).
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(
        type='WarmupLR',
        start_factor=0.01,
        begin=0,
        end=warmup_epochs,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        begin=warmup_epochs,
        end=max_epochs,
        T_max=max_epochs - warmup_epochs,
        eta_min=1e-6,
        convert_to_iter_based=True,
    ),
]
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=256)
