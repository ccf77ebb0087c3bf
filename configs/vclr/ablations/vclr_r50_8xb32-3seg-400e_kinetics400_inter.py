# Table 6: the inter-video loss alone.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(intra=None, video=None, order=None)
