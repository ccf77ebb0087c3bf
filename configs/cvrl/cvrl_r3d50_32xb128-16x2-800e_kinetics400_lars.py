# For very large batches: LARS as SimCLR uses it, with a rate of 0.3 per 256 videos. This is not in
# the paper, where SGD with a batch of 2048 is worse than with 1024.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

train_dataloader = dict(batch_size=128)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='LARS', lr=4.8, momentum=0.9, weight_decay=1e-6)
)
auto_scale_lr = dict(base_batch_size=4096)
