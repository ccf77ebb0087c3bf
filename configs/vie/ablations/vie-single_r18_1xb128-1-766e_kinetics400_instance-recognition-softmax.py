# Single-IR by the softmax of the paper's eq. 2, not the noise-contrastive estimate of the code.
_base_ = './vie-single_r18_1xb128-1-766e_kinetics400_instance-recognition.py'

model = dict(loss=dict(form='softmax'))
