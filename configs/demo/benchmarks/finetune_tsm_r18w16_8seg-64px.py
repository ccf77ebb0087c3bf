# The backbone of the VCLR demonstration, fine-tuned by TSM, with the constructor of its optimizer.
_base_ = './finetune_tsn_r18w16_8seg-64px.py'

model = dict(
    backbone=dict(type='NarrowResNetTSM', num_segments=8, shift_div=8, pretrained2d=False),
    cls_head=dict(type='mmaction.TSMHead', num_segments=8),
)
optim_wrapper = dict(
    constructor='mmaction.TSMOptimWrapperConstructor', paramwise_cfg=dict(fc_lr5=True)
)
