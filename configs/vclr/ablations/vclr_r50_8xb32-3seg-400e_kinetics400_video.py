# Table 6: the video-level loss alone.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(inter=None, intra=None, order=None)
