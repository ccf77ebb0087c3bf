# Table 6: all losses but the order loss.
_base_ = '../vclr_r50_8xb32-3seg-400e_kinetics400.py'

model = dict(order=None)
