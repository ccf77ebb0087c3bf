# CVRL's linear evaluation on Kinetics-400, from SimCLR on frames, inflated.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics400.py'

model = _base_.starts.simclr
