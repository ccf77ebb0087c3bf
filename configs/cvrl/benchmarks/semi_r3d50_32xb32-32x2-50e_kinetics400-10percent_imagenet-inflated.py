# Table 3: 10 % of the labels of Kinetics-400, from ImageNet, inflated.
_base_ = './semi_r3d50_32xb32-32x2-50e_kinetics400-10percent.py'

model = _base_.starts.imagenet
