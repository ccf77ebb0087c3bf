# Figure 3: the likelihood falls with the square of the interval.
_base_ = '../cvrl_r3d50_32xb32-16x2-200e_kinetics400.py'

sample = dict(law='decreasing', exponent=2.0)
train_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
