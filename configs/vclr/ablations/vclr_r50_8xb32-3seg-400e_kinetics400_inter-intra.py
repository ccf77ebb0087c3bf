# Table 6: both frame-level losses.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(video=None, order=None)
