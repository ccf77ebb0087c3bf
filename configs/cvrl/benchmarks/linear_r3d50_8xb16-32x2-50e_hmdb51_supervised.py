# CVRL's linear evaluation on HMDB51, from a training on Kinetics with labels.
_base_ = './linear_r3d50_8xb16-32x2-50e_hmdb51.py'

model = _base_.starts.supervised
