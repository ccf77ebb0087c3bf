# CVRL's linear evaluation on Kinetics-600, from ImageNet, inflated.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics600.py'

model = _base_.starts.imagenet
