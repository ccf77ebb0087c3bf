# The pair of layer 8 with itself counts twice, by the letter of the paper's equation.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(repeat_pairs=True))
