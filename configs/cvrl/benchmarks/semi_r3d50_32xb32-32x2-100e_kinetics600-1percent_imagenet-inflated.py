# Table 3: 1 % of the labels of Kinetics-600, from ImageNet, inflated.
_base_ = './semi_r3d50_32xb32-32x2-100e_kinetics600-1percent.py'

model = _base_.starts.imagenet
