# VCLR's Table 11 on HMDB51: TSN with a frozen backbone; see the config of UCF101.
_base_ = './tsn_r50_8xb32-8seg-50e_hmdb51.py'

model = dict(backbone=dict(frozen_stages=4, norm_eval=True))
find_unused_parameters = True  # mmaction2 freezes after the model is wrapped
