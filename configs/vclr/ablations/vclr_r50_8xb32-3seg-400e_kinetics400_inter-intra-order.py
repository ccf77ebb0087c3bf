# Table 6: SeCo's three losses, all but the video-level one.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(video=None)
