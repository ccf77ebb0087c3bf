# TSM: TSN whose ResNet shifts an eighth of the channels to the next frame and an eighth to the one
# before, ahead of the first convolution of every block; frames are classified, then averaged. A
# config sets `num_segments` of both parts.
_base_ = './tsn_r50_finetune.py'

model = dict(
    # Without `pretrained2d=False` mmaction2 looks for weights in its own way.
    backbone=dict(type='mmaction.ResNetTSM', num_segments=8, shift_div=8, pretrained2d=False),
    cls_head=dict(type='mmaction.TSMHead', num_segments=8),
)
