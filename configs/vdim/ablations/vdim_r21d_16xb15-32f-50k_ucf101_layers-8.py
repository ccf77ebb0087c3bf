# Without the layers 5 and 6: only the global features.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(loss=dict(layers=[8]))
