# Table 6: the intra-video loss alone (the paper reports that it fails).
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(inter=None, video=None, order=None)
