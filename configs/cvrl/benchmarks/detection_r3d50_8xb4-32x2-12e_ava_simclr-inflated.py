# CVRL's detection on AVA, from SimCLR on frames, inflated.
_base_ = './detection_r3d50_8xb4-32x2-12e_ava.py'

model = _base_.starts.simclr
