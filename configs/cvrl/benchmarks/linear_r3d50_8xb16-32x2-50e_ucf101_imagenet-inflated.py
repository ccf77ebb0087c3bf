# CVRL's linear evaluation on UCF101, from ImageNet, inflated.
_base_ = './linear_r3d50_8xb16-32x2-50e_ucf101.py'

model = _base_.starts.imagenet
