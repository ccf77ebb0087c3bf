# CVRL's detection on AVA, from a training on Kinetics with labels.
_base_ = './detection_r3d50_8xb4-32x2-12e_ava.py'

model = _base_.starts.supervised
