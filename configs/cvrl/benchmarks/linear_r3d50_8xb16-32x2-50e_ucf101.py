# CVRL's linear evaluation on UCF101, split 1: 8 GPUs x 16 videos, 50 epochs, following
# appendix B.1 of the paper. It names no warm-up, so there is none; batch and crops are those of its
# fine-tuning.
_base_ = './finetune_r3d50_8xb16-32x2-50e_ucf101.py'

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True), cls_head=dict(type='NormalizedI3DHead')
)
optim_wrapper = dict(optimizer=dict(lr=0.8))
