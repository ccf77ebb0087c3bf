# A frozen R3D-50, its BatchNorm as in inference, and a linear classifier of its features, which are
# scaled to length 1.
_base_ = './cvrl_r3d50_finetune.py'

model = dict(
    backbone=dict(frozen_stages=4, norm_eval=True),
    cls_head=dict(type='NormalizedI3DHead'),
)
