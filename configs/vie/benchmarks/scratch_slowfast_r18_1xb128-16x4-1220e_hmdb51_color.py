# The reference of VIE's fine-tuning: the same from scratch, at the authors' rate and decay.
_base_ = './finetune_slowfast_r18_1xb128-16x4-1220e_hmdb51_color.py'

model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
