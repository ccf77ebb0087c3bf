# VCLR's Table 11 on UCF101: TSN with a frozen backbone, whose BatchNorm keeps its statistics. The
# paper and its code do not say how they trained the classifier: here it is as in fine-tuning.
_base_ = './tsn_r50_8xb32-3seg-300e_ucf101.py'

model = dict(backbone=dict(frozen_stages=4, norm_eval=True))
find_unused_parameters = True  # mmaction2 freezes after the model is wrapped
